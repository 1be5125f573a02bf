/** NATS under a run: one server with JetStream, which writes to its files and syncs them now and then. */
import { connect } from '@nats-io/transport-node'
import type { Engine } from '@holdfast/testbed/engines/engine'
import { start } from '@holdfast/testbed/engines/nats/server'
import type { ServerKind } from './server-environment.ts'

const ANSWER_WITHIN_MS = 5_000
/** A stream of its own, beside the bucket of the locks. */
const CANARY = 'holdfast-lab-canary'

export const natsKind: ServerKind = {
  count: 1,
  start: ({ folder, environment }) =>
    start({ ...(folder !== undefined && { folder }), ...(environment !== undefined && { environment }) }),
  async remember(engine, word) {
    // Where it is there already this answers so.
    await answerOf(engine, `$JS.API.STREAM.CREATE.${CANARY}`, JSON.stringify({ name: CANARY, subjects: [CANARY] }))
    await answerOf(engine, CANARY, word)
  },
  async recall(engine) {
    const asked = JSON.stringify({ last_by_subj: CANARY })
    const answer = await answerOf(engine, `$JS.API.STREAM.MSG.GET.${CANARY}`, asked)
    const { message } = JSON.parse(answer) as { readonly message?: { readonly data?: string } }
    return message?.data === undefined ? undefined : Buffer.from(message.data, 'base64').toString()
  },
  split: (storeUrl) => [storeUrl],
  join: ([url = '']) => url,
}

async function answerOf({ url }: Engine, subject: string, text: string): Promise<string> {
  const connection = await connect({ servers: url, timeout: ANSWER_WITHIN_MS, reconnect: false })
  try {
    return (await connection.request(subject, text, { timeout: ANSWER_WITHIN_MS })).string()
  } finally {
    await connection.close()
  }
}
