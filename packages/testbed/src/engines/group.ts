/** Servers that are started together: all of them come up, or none of them stays. */
import type { Group, Member, Shape } from './driver.ts'
import type { Engine, StartOptions } from './engine.ts'
import { openProxy, type Proxy } from '../proxy/proxy.ts'
import { releasePort, reservePort } from './ports.ts'

/** Where a member is to listen, and which port it should tell others to use: the proxy's if there is one. */
export interface Place {
  readonly port: number
  readonly announcedPort: number
}

export interface MemberPlan {
  readonly name: string
  start(place: Place): Promise<Engine>
}

/** A group in the making. */
export class Gathering {
  readonly members: Member[] = []
  readonly #proxies: Proxy[] = []
  readonly #ports: number[] = []
  readonly #kept: AsyncDisposable[] = []

  /** Starts these at the same time; resolves in their order. */
  async add(plans: readonly MemberPlan[], proxied: boolean): Promise<readonly Member[]> {
    // Settled, not all: one that comes up after another has failed must be known, to be closed.
    const outcomes = await Promise.allSettled(plans.map((plan) => this.#startOne(plan, proxied)))
    const added: Member[] = []
    const failures: unknown[] = []
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') added.push(outcome.value)
      else failures.push(outcome.reason)
    }
    this.members.push(...added)
    if (failures.length > 0) throw failures[0]
    return added
  }

  /** One more port for a member, given back with the group. */
  async reservePort(): Promise<number> {
    const port = await reservePort()
    this.#ports.push(port)
    return port
  }

  /** What belongs to the group goes with it. */
  async keep<T extends AsyncDisposable>(made: Promise<T>): Promise<T> {
    const thing = await made
    this.#kept.push(thing)
    return thing
  }

  async close(): Promise<void> {
    await Promise.all([
      ...this.members.map(({ engine }) => engine.close()),
      ...this.#proxies.map((each) => each.close()),
      ...this.#kept.map((each) => each[Symbol.asyncDispose]()),
    ])
    for (const port of this.#ports) releasePort(port)
  }

  async #startOne({ name, start }: MemberPlan, proxied: boolean): Promise<Member> {
    const port = await reservePort()
    const proxy = proxied ? await openProxy({ port }) : undefined
    if (proxy !== undefined) this.#proxies.push(proxy)
    const engine = await start({ port, announcedPort: proxy?.port ?? port })
    return { name, engine, proxy, url: proxy?.through(engine.url) ?? engine.url }
  }
}

/** Runs the steps that make a group; closes everything when one of them fails. */
export async function gather<Extra extends { readonly url: string | undefined }>(
  make: (gathering: Gathering) => Promise<Extra>,
): Promise<Group & Extra> {
  const gathering = new Gathering()
  try {
    const extra = await make(gathering)
    const close = (): Promise<void> => gathering.close()
    return { ...extra, members: gathering.members, close, [Symbol.asyncDispose]: close }
  } catch (error) {
    await gathering.close()
    throw error
  }
}

const SINGLES_MAX = 3

/** Servers of a database that know nothing of each other. */
export function singles(
  engineName: string,
  start: (options: StartOptions & { readonly port: number }) => Promise<Engine>,
): Shape {
  return {
    about: `independent servers (1 to ${SINGLES_MAX}, default 1)`,
    counts: { min: 1, max: SINGLES_MAX },
    hasReplicas: false,
    start: ({ count = 1, proxied = false, ...options }) =>
      gather(async (gathering) => {
        const plans = Array.from({ length: count }, (_, index) => ({
          name: `${engineName} ${index + 1}`,
          start: ({ port }: { port: number }) => start({ ...options, port }),
        }))
        await gathering.add(plans, proxied)
        return { url: undefined }
      }),
  }
}
