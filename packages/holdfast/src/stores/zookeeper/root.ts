/** The nodes that everything is below, made where they are not there. */
import { CODE, ServerRefusal } from '../zookeeper-driver/failures.ts'
import { NodeTree } from '../zookeeper-driver/tree.ts'
import type { ZookeeperClient } from './client.ts'
import { CLOCK_PATH, LINES_PATH, MARKS_PATH } from './paths.ts'

export async function madeRoot(client: ZookeeperClient): Promise<void> {
  const { root } = client.plan
  const whole = new NodeTree(await client.homeSession(), '')
  const names = root.split('/').slice(1)
  const above = names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`)
  for (const path of [...above, ...[CLOCK_PATH, LINES_PATH, MARKS_PATH].map((name) => `${root}${name}`)]) {
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
