/** Gives a claim back: on all nodes, also on those that never answered, so that no vote of it stays anywhere. */
import { OutcomeUnknown } from '../../store/errors.ts'
import { ATTEMPT_MS_MAX } from '../../store/limits.ts'
import type { LeaveOptions } from '../../store/store.ts'
import type { Ref } from '../../store/claim.ts'
import type { RedlockSession } from './open.ts'
import { answersOf, causesOf, errorsOf, isHopeless, poll, type Reply, troubleOf } from './quorum.ts'
import { scripts } from './scripts.ts'
import { usOf, wordOf } from './wire.ts'

/** No lease runs while a claim is given back, and an answer is worth more than haste; core waits twice as long. */
const LEAVE_MS_MAX = ATTEMPT_MS_MAX / 2

export async function leave(session: RedlockSession, ref: Ref, { keepMs = 0 }: LeaveOptions): Promise<'left' | 'gone'> {
  const { claims, keys, channel, nodes, majority } = session
  const entry = claims.find(keys.record(ref.resource), ref.id)
  if (entry !== undefined) {
    if (ref.token !== undefined && ref.token !== entry.grant?.token) return 'gone'
    claims.end(entry)
  }
  // By the id alone, which no other claim has: a vote that came after the grant may stand above its token.
  const words = [ref.id, usOf(keepMs), '1', channel]
  const all = keys.all(ref.resource)
  const left = await poll({
    ...session,
    limitMs: LEAVE_MS_MAX,
    ask: async (node) => wordOf(await node.run(scripts.release, all, words)) === 'left',
    decide(replies, isOver) {
      const answers = answersOf(replies)
      const here = answers.filter((isLeft) => isLeft).length
      if (here >= majority) return 'left'
      if (answers.length - here > nodes.length - majority) return 'gone'
      if (!isOver) return undefined
      // Nobody can be kept from a majority by the nodes that did not answer.
      if (answers.length >= majority) return here > 0 ? 'left' : 'gone'
      throw unknown(session, replies)
    },
  })
  return left ?? 'gone'
}

function unknown({ nodes, majority }: RedlockSession, replies: readonly Reply<unknown>[]): OutcomeUnknown {
  const causes = causesOf(
    nodes,
    replies.map((reply) => troubleOf(reply, LEAVE_MS_MAX)),
  )
  return new OutcomeUnknown(`release: fewer than ${majority} of ${nodes.length} nodes answered: ${causes}`, {
    isFinal: isHopeless(errorsOf(replies), majority),
  })
}
