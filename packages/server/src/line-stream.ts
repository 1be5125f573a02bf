/** Lines as they change, as events of a stream: the newest state of each, and why there is none of one that cannot be read. */
import type { Locks } from 'holdfast'
import type { EventStream } from './event-stream.ts'
import { lineDocument } from './line-document.ts'
import { problemOf } from './problem.ts'

export interface LineStreamOptions {
  readonly locks: Locks
  readonly namespace: string
  readonly names: readonly string[]
  readonly stream: EventStream
  /** The reader went away, or the server is about to end. */
  readonly ends: AbortSignal
}

/** A longer line is cut, so that a reader that is slow costs no more than this. */
const EVENT_BYTES_MAX = 512 * 1024

export async function streamLines({ locks, namespace, names, stream, ends }: LineStreamOptions): Promise<void> {
  const told = names.map(async (name) => {
    try {
      for await (const line of locks.observe(name, { signal: ends })) {
        stream.put(name, { event: () => 'line', data: () => lineDocument(namespace, name, line, EVENT_BYTES_MAX) })
      }
    } catch (error) {
      // The others are told of: one name that can never be read is no reason to leave them.
      stream.put(name, { event: () => 'problem', data: () => ({ ...problemOf(error), name }) })
    }
  })
  await Promise.all(told)
  stream.end()
}
