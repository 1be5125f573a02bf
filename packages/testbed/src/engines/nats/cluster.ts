/** Members of one NATS, which keep each stream several times and agree on its changes by majority. */
import type { Group } from '../driver.ts'
import { gather } from '../group.ts'
import { type NatsOptions, start } from './server.ts'

export interface NatsClusterOptions extends Omit<NatsOptions, 'member' | 'port'> {
  /** @default 3 */
  readonly count?: number
  /** A proxy of our own before every member, for its clients alone. @default none */
  readonly proxied?: boolean
}

export interface NatsCluster extends Group {
  readonly url: string
}

export async function startCluster(options: NatsClusterOptions = {}): Promise<NatsCluster> {
  const { count = 3, proxied = false, ...server } = options
  return gather(async (gathering) => {
    const routePorts: number[] = []
    for (let index = 0; index < count; index += 1) routePorts.push(await gathering.reservePort())
    const plans = routePorts.map((routePort, index) => {
      const name = `member-${index + 1}`
      const member = { name, routePort, routePorts }
      return { name, start: ({ port }: { readonly port: number }) => start({ ...server, member, port }) }
    })
    const members = await gathering.add(plans, proxied)
    return { url: `nats://${members.map(({ url }) => new URL(url).host).join(',')}` }
  })
}
