/** What a process changed itself it need not be told: its own claims hear of it at once, and no request is made for it. */
import type { Line } from '../../line/line.ts'
import type { Moment } from '../../line/transition.ts'
import { OutcomeUnknown } from '../../store/errors.ts'
import type { Stamp } from '../../time/clock.ts'
import type { Lane, Notice, OnNotice } from './engine.ts'
import type { AnySwapEngine, SwapResult } from './swap-engine.ts'

/** A line as this process wrote it. A life in it counts from before it was written, as that of a grant that is answered. */
export interface OwnNews {
  readonly line: Line
  readonly now: Moment
  readonly askedAt: Stamp
}

export interface ToldSwap {
  readonly resource: string
  readonly seen: string | undefined
  readonly text: string
  readonly notices: readonly Notice[]
  readonly lane: Lane
  readonly news: OwnNews
}

/** Swaps, tells the claims of this process, and leaves the engine those of others. */
export async function swapAndTell(
  engine: AnySwapEngine,
  channel: string,
  onNotice: OnNotice,
  { resource, seen, text, notices, lane, news }: ToldSwap,
): Promise<SwapResult> {
  const others = notices.filter((notice) => notice.channel !== channel)
  const tell = (own?: OwnNews): void => {
    for (const { channel: told, id } of notices)
      if (told === channel && id !== undefined) onNotice({ resource, id, ...(own !== undefined && { own }) })
  }
  try {
    const swapped = await engine.swap(resource, seen, text, others, lane)
    if (swapped.version !== undefined) tell(news)
    return swapped
  } catch (error) {
    // It may have been written, and then nobody else says so.
    if (error instanceof OutcomeUnknown) tell()
    throw error
  }
}
