/** A limit on everything that waits for a store: a hung one ends with a clear line, not with a hung command. */
import { exitCodes, Failure } from './exit-codes.ts'
import { shortDuration } from './text.ts'

/** No answer came in time. The call itself goes on, and its late answer is dropped. */
export class NoAnswer extends Failure {}

/** The answer, or `NoAnswer`, or the reason of the signal: whichever comes first. `what` completes "the store did not answer …". */
export function within<T>(limitMs: number, what: string, call: Promise<T>, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const message = `the store did not answer within ${shortDuration(limitMs)} ${what}`
    const timer = setTimeout(() => end(() => reject(new NoAnswer(exitCodes.storeUnavailable, message))), limitMs)
    const onAbort = (): void => end(() => reject(signal?.reason))
    // Taken off again, because a view that is left open asks for days with one signal.
    const end = (settle: () => void): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      settle()
    }
    signal?.addEventListener('abort', onAbort)
    if (signal?.aborted === true) onAbort()
    call.then(
      (answer) => end(() => resolve(answer)),
      (error: unknown) => end(() => reject(error)),
    )
  })
}
