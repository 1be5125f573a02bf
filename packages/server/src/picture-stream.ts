/** All lines under a prefix as events of a stream: a reader that comes back with the place it had hears only what changed. */
import type { EventStream } from './event-stream.ts'
import type { LinePicture } from './line-picture.ts'
import { lineRow } from './line-row.ts'

export interface PictureStreamOptions {
  readonly picture: LinePicture
  readonly prefix: string
  readonly stream: EventStream
  /** The change that the reader heard last; undefined for a reader that begins, or comes from another server. */
  readonly since: number | undefined
  readonly ends: AbortSignal
}

export function streamPicture({ picture, prefix, stream, since, ends }: PictureStreamOptions): void {
  let isReady = false
  const tell = (name: string): void => {
    if (!name.startsWith(prefix)) return
    stream.put(`line ${name}`, {
      // What it is by the time it is written.
      event: () => (picture.lines.has(name) ? 'line' : 'free'),
      data: () => {
        const known = picture.lines.get(name)
        return known === undefined ? { name } : lineRow(known)
      },
    })
  }
  const tellState = (): void => {
    stream.put('state', { event: () => 'state', data: () => ({ ...picture.state, ...picture.history.summary }) })
    if (isReady || !picture.state.isComplete) return
    isReady = true
    stream.put('ready', { event: () => 'ready', data: () => ({}) })
  }
  const stop = picture.listen((name) => (name === undefined ? tellState() : tell(name)))
  const names = since === undefined ? undefined : picture.namesSince(since)
  if (names === undefined) stream.put('reset', { event: () => 'reset', data: () => ({}) })
  for (const name of names ?? picture.lines.keys()) tell(name)
  tellState()
  const end = (): void => {
    stop()
    stream.end()
  }
  if (ends.aborted) end()
  else ends.addEventListener('abort', end, { once: true })
}
