/** Lines as they change, as events of a stream (SSE): the newest state of each, never a backlog. */
import type { Locks } from 'holdfast'
import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import { lineDocument } from './line-document.ts'

export interface LineStreamOptions {
  readonly locks: Locks
  readonly namespace: string
  readonly names: readonly string[]
  /** The reader went away, or the server is about to end. */
  readonly ends: AbortSignal
}

/** Proxies cut what is silent. */
const BEAT_MS = 15_000

export function lineStream(call: Context, { locks, namespace, names, ends }: LineStreamOptions): Response {
  // A proxy would otherwise collect what it should pass on.
  call.header('X-Accel-Buffering', 'no')
  return streamSSE(call, async (stream) => {
    const beats = setInterval(() => void stream.write(': beat\n\n').catch(() => undefined), BEAT_MS)
    const written = names.map(async (name) => {
      for await (const line of locks.observe(name, { signal: ends })) {
        // A reader that is slow holds up only the next look, which then finds the newest state.
        await stream.writeSSE({ event: 'line', data: JSON.stringify(lineDocument(namespace, name, line)) })
      }
    })
    await Promise.allSettled(written)
    clearInterval(beats)
  })
}
