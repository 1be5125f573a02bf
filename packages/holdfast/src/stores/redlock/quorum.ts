/** Asks all nodes at once, and is done as soon as enough of them have answered: never by waiting for the slowest. */
import type { Timers } from '../../time/timer-queue.ts'
import type { Clock } from '../../time/clock.ts'
import type { HoldfastError } from '../../store/errors.ts'
import { engineError, type EngineError } from '../redis-driver/errors.ts'
import type { RedisNode } from './node.ts'

/** The smallest number of nodes of which any two such sets have one in common. */
export function majorityOf(nodes: number): number {
  return Math.floor(nodes / 2) + 1
}

/** The value that at least `rank` of them do not exceed. */
export function smallest(values: readonly number[], rank: number): number {
  return values.toSorted((one, other) => one - other)[rank - 1] ?? Number.POSITIVE_INFINITY
}

/** What is known of one node: nothing yet, its answer, or why there is none. */
export type Reply<Answer> = { readonly answer: Answer } | { readonly error: EngineError } | undefined

export interface Poll<Answer, Result> {
  readonly nodes: readonly RedisNode[]
  readonly clock: Clock
  readonly alarms: Timers
  readonly limitMs: number
  ask(node: RedisNode): Promise<Answer>
  /** The result, or `undefined` to wait for more; with `isOver` there will be no more. Throwing ends the poll as well. */
  decide(replies: readonly Reply<Answer>[], isOver: boolean): Result | undefined
}

export function poll<Answer, Result>({
  nodes,
  clock,
  alarms,
  limitMs,
  ask,
  decide,
}: Poll<Answer, Result>): Promise<Result | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Result | undefined>()
  const replies: Reply<Answer>[] = nodes.map(() => undefined)
  let isDone = false
  const look = (isOver: boolean): void => {
    if (isDone) return
    try {
      const result = decide(replies, isOver || replies.every((reply) => reply !== undefined))
      if (result === undefined && !isOver) return
      isDone = true
      resolve(result)
    } catch (error) {
      isDone = true
      reject(error instanceof Error ? error : new Error(String(error)))
    }
    alarms.cancel(alarm)
  }
  const alarm = alarms.addIn(() => afterAnswers(clock, () => look(true)), limitMs)
  nodes.forEach((node, index) => {
    ask(node).then(
      (answer) => {
        replies[index] = { answer }
        look(false)
      },
      (error: unknown) => {
        replies[index] = { error: engineError(error, 'asking') }
        look(false)
      },
    )
  })
  return promise
}

/** Answers that came while this process was busy lie in its sockets, and are read before the next turn. */
export function afterAnswers(clock: Clock, callback: () => void): void {
  clock.schedule(0, callback)
}

export function answersOf<Answer>(replies: readonly Reply<Answer>[]): readonly Answer[] {
  return replies.flatMap((reply) => (reply !== undefined && 'answer' in reply ? [reply.answer] : []))
}

/** Each node with what is the matter with it: one line of an error that tells an operator where to look. */
export function causesOf(nodes: readonly RedisNode[], words: readonly (string | undefined)[]): string {
  return nodes.flatMap(({ name }, index) => (words[index] === undefined ? [] : [`${name} ${words[index]}`])).join('; ')
}

/** For nodes that gave no answer, or a bad one. */
export function troubleOf(reply: Reply<unknown>, limitMs: number): string | undefined {
  if (reply === undefined) return `is too slow: no answer within ${Math.round(limitMs)} ms`
  return 'error' in reply ? wordsOf(reply.error) : undefined
}

/** Whether so many nodes stay out of reach until their set-up is changed that no majority can come about. */
export function isHopeless(errors: readonly (EngineError | undefined)[], majority: number): boolean {
  return errors.filter((error) => error?.isFinal !== true).length < majority
}

export function errorsOf(replies: readonly Reply<unknown>[]): readonly (EngineError | undefined)[] {
  return replies.map((reply) => (reply !== undefined && 'error' in reply ? reply.error : undefined))
}

/** Without the name of the step, which the whole message has already. */
export function wordsOf(error: HoldfastError): string {
  return error.message.replace(/^[a-z]+: (?:Redis )?/, '')
}
