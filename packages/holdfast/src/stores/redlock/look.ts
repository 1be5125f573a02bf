/** Looks without changing anything: for observers, operators, and what they watch. */
import { StoreUnavailable } from '../../store/errors.ts'
import type { LineView } from '../../store/line-view.ts'
import { NODE_MS_MAX } from './limits.ts'
import type { RedisNode } from './node.ts'
import type { RedlockSession } from './open.ts'
import { answersOf, causesOf, errorsOf, isHopeless, poll, type Reply, troubleOf } from './quorum.ts'
import { OBSERVED_SURELY_MS, scripts } from './scripts.ts'
import { type SeenVotes, seenOf, viewOf } from './view.ts'

export async function look(session: RedlockSession, resource: string): Promise<LineView> {
  return viewOf(resource, await seenBy(session, resource), session.list.quorum)
}

/** What each node says that answers in time; at least a majority of them. */
export function seenBy(session: RedlockSession, resource: string): Promise<readonly SeenVotes[]> {
  const all = [...session.keys.all(resource), session.keys.marker]
  const { nodes } = session
  return allOf(session, 'look', async (node) => seenOf(await node.run(scripts.look, all, []), nodes.indexOf(node)))
}

/** For questions that are better with every answer: waits for all nodes, within their time, and needs a majority. */
export async function allOf<Answer>(
  session: RedlockSession,
  what: string,
  ask: (node: RedisNode) => Promise<Answer>,
): Promise<readonly Answer[]> {
  const answers = await poll({
    ...session,
    limitMs: NODE_MS_MAX,
    ask,
    decide: (replies, isOver) => (isOver ? answersOfMajority(session, what, replies) : undefined),
  })
  return answers ?? []
}

function answersOfMajority<Answer>(
  { nodes, majority }: RedlockSession,
  what: string,
  replies: readonly Reply<Answer>[],
): readonly Answer[] {
  const answers = answersOf(replies)
  if (answers.length >= majority) return answers
  const causes = causesOf(
    nodes,
    replies.map((reply) => troubleOf(reply, NODE_MS_MAX)),
  )
  throw new StoreUnavailable(`${what}: fewer than ${majority} of ${nodes.length} nodes answered: ${causes}`, {
    isFinal: isHopeless(errorsOf(replies), majority),
  })
}

/**
 * Resolves with another version when the lock looks different. Each node tells of its own changes, which say little about the
 * majority, so after each message all of them are looked at again. Nodes tell for as long as they remember that a
 * process listens: then register again.
 */
export async function observe(
  session: RedlockSession,
  resource: string,
  seen: string,
  signal: AbortSignal,
): Promise<string> {
  const { nodes, keys, clock } = session
  const record = keys.record(resource)
  const changes = new VoteChanges()
  const timer = clock.schedule(OBSERVED_SURELY_MS, () => changes.end())
  const onAbort = (): void => changes.end()
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) changes.end()
  const observing = nodes.map(async (node) => {
    const stop = await node.observe(record, () => changes.note())
    try {
      await node.run(scripts.observe, [record], [])
    } catch (error) {
      stop()
      throw error
    }
    changes.note()
    return stop
  })
  try {
    await allOf(session, 'observe', (node) => observing[nodes.indexOf(node)] ?? Promise.reject(new Error(node.name)))
    while (await changes.next()) {
      const { version } = await look(session, resource)
      if (version !== seen) return version
    }
    return seen
  } finally {
    timer.cancel()
    signal.removeEventListener('abort', onAbort)
    for (const each of observing)
      each.then(
        (stop) => stop(),
        () => undefined,
      )
  }
}

/** Changes that come while nobody asks are one. */
class VoteChanges {
  #isNew = true
  #isOver = false
  #wake: (() => void) | undefined

  note(): void {
    this.#isNew = true
    this.#wake?.()
  }

  end(): void {
    this.#isOver = true
    this.#wake?.()
  }

  /** Whether there is something to look at; false at the end. */
  async next(): Promise<boolean> {
    if (!this.#isNew && !this.#isOver) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    this.#isNew = false
    return !this.#isOver
  }
}
