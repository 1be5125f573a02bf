/** etcd under a run: three members, which elect a leader again when theirs is gone, and can be cut off from each other. */
import type { Engine, StartOptions } from '@holdfast/testbed/engines/engine'
import { startCluster } from '@holdfast/testbed/engines/etcd/cluster'
import { Hopeless, until } from '@holdfast/testbed/engines/until'
import { ensembleOf, memberUrls } from './ensemble.ts'
import type { Ensemble, ServerKind } from './server-environment.ts'

const ANSWER_WITHIN_MS = 2_000
/** An election, and more of them on a busy machine. */
const ANSWERED_WITHIN_MS = 20_000
/** Not under the prefix of the locks. */
const CANARY = 'holdfast-lab-canary'
/** A second is then the shortest lease; by its default an etcd grants none below two. */
const FLAGS = { 'election-timeout': '500', 'heartbeat-interval': '100' }
/** It takes 64 MB for its log beforehand, and then the same again. */
const DISK_MB = 192

export const etcdKind: ServerKind = {
  count: 3,
  diskMb: DISK_MB,
  together: startMembers,
  async remember(engine, word) {
    await answered(engine, 'put', { key: base64(CANARY), value: base64(word) })
  },
  async recall(engine) {
    const { kvs } = await answered(engine, 'range', { key: base64(CANARY) })
    const value = kvs?.[0]?.value
    return value === undefined ? undefined : Buffer.from(value, 'base64').toString()
  },
  ...memberUrls('etcd'),
}

async function startMembers(options: readonly StartOptions[]): Promise<Ensemble> {
  return ensembleOf(await startCluster({ count: options.length, hosts: options, isParted: true, flags: FLAGS }))
}

interface Answer {
  readonly kvs?: readonly { readonly value?: string }[]
}

/** A member that was down or cut off hears first who leads, and none leads as long as two are. */
async function answered(engine: Engine, method: string, body: object): Promise<Answer> {
  let answer: Answer = {}
  const asked = async (): Promise<boolean> => {
    if (engine.state === 'down') throw new Hopeless(`${engine.name} is down`)
    answer = await ask(engine, method, body)
    return true
  }
  await until(asked, { withinMs: ANSWERED_WITHIN_MS, what: 'an answer of a member' })
  return answer
}

async function ask({ url }: Engine, method: string, body: object): Promise<Answer> {
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
  const answer = await fetch(`${url}/v3/kv/${method}`, { method: 'POST', body: JSON.stringify(body), signal })
  if (!answer.ok) throw new Error(await answer.text())
  return (await answer.json()) as Answer
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
