/** Nodes that have to be there, made where they are not. */
import type { ZookeeperClient } from './client.ts'
import { CODE, ServerRefusal } from './failures.ts'
import { NodeTree } from './tree.ts'

/** The root of the client, everything above it, and these below it. */
export async function makeNodes(client: ZookeeperClient, below: readonly string[]): Promise<void> {
  const { root } = client.plan
  const whole = new NodeTree(await client.homeSession(), '')
  const names = root.split('/').slice(1)
  const above = names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`)
  for (const path of [...above, ...below.map((name) => `${root}${name}`)]) {
    // Looked for first: one that is there may stand below one in which this user may make nothing.
    await client.call('preparing the root', made(whole, path))
  }
}

async function made(tree: NodeTree, path: string): Promise<void> {
  if ((await tree.exists(path)) !== undefined) return
  await tree.create(path, 'persistent').catch((error: unknown) => {
    if (!(error instanceof ServerRefusal) || error.code !== CODE.nodeExists) throw error
  })
}
