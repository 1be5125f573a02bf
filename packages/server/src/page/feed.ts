/** The stream of lines, kept alive: it comes back after every break and goes on where it was. */
import { EventParser } from './sse.ts'

/** `refused`: coming back would be refused as well, until the reader has another key. */
export type FeedState = 'live' | 'away' | 'refused'

export interface FeedOptions {
  readonly url: string
  /** A secret that the server knows; '' for none. */
  readonly key: string
  /** Ends it. */
  readonly signal: AbortSignal
  onEvent(event: string, data: unknown): void
  onState(state: FeedState): void
}

/** The server writes every 15 s; a connection that is silent for longer is dead. */
const SILENCE_MS_MAX = 40_000
const RETRY_MS_MAX = 10_000
const DOUBLINGS_MAX = 5

export async function followFeed(options: FeedOptions): Promise<void> {
  const { signal, onState } = options
  const parser = new EventParser()
  let failures = 0
  while (!signal.aborted) {
    const end = await followOnce(options, parser, () => (failures = 0))
    if (signal.aborted) return
    onState(end)
    if (end === 'refused') return
    await pause(Math.min(RETRY_MS_MAX, parser.retryMs * 2 ** Math.min(failures, DOUBLINGS_MAX)), signal)
    failures += 1
  }
}

export function headersOf(key: string): Readonly<Record<string, string>> {
  return key === '' ? {} : { authorization: `Bearer ${key}` }
}

async function followOnce(
  { url, key, signal, onEvent, onState }: FeedOptions,
  parser: EventParser,
  onOpen: () => void,
): Promise<FeedState> {
  const silence = new AbortController()
  let timer = setTimeout(() => silence.abort(), SILENCE_MS_MAX)
  try {
    const place: Readonly<Record<string, string>> = parser.place === '' ? {} : { 'last-event-id': parser.place }
    const answer = await fetch(url, {
      headers: { ...headersOf(key), ...place },
      signal: AbortSignal.any([signal, silence.signal]),
      cache: 'no-store',
    })
    if (answer.status === 401 || answer.status === 403) return 'refused'
    if (!answer.ok || answer.body === null) return 'away'
    onOpen()
    onState('live')
    const texts = answer.body.pipeThrough(new TextDecoderStream()).getReader()
    parser.begin()
    for (;;) {
      const { done, value } = await texts.read()
      if (done) return 'away'
      clearTimeout(timer)
      timer = setTimeout(() => silence.abort(), SILENCE_MS_MAX)
      for (const { event, data } of parser.read(value)) onEvent(event, JSON.parse(data))
    }
  } catch {
    // No answer, or none any more: both are told as one.
    return 'away'
  } finally {
    clearTimeout(timer)
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
}
