/** A look at one line that may wait for its next change: for a program that wants to know and cannot read a stream. */
import { createHash } from 'node:crypto'
import type { LineView, Locks } from 'holdfast'
import { Refusal } from './refusal.ts'

export interface LineLook {
  readonly line: LineView
  /** Names this state of the line, and nothing of what stands in it. */
  readonly tag: string
  /** The state is the one that the program knows. */
  readonly isKnown: boolean
}

export interface LineWish {
  readonly name: string
  /** The tag of the state that the program knows. */
  readonly known: string | undefined
  /** 0 looks once. */
  readonly waitMs: number
  readonly gone: AbortSignal
}

/** Each is an observer of a line, and a connection that is open. */
const WAITS_MAX = 1_000
const TAG_DIGITS = 16

export class LineWaits {
  readonly #locks: Locks
  readonly #ends: AbortSignal
  #waits = 0

  /** `ends`: the server is about to end, so that each wait is answered with what is. */
  constructor(locks: Locks, ends: AbortSignal) {
    this.#locks = locks
    this.#ends = ends
  }

  async look({ name, known, waitMs, gone }: LineWish): Promise<LineLook> {
    const look = lookOf(await this.#locks.inspect(name), known)
    if (!look.isKnown || waitMs === 0 || this.#ends.aborted) return look
    if (this.#waits >= WAITS_MAX)
      throw new Refusal('LIMITED', `this server has ${WAITS_MAX} waits for a change already`)
    this.#waits += 1
    try {
      return await this.#changed(look, { name, known, waitMs, gone })
    } finally {
      this.#waits -= 1
    }
  }

  async #changed(before: LineLook, { name, known, waitMs, gone }: LineWish): Promise<LineLook> {
    let last = before
    const signal = AbortSignal.any([gone, this.#ends, AbortSignal.timeout(waitMs)])
    for await (const line of this.#locks.observe(name, { signal })) {
      last = lookOf(line, known)
      if (!last.isKnown) return last
    }
    return last
  }
}

function lookOf(line: LineView, known: string | undefined): LineLook {
  const tag = `"${createHash('sha256').update(line.version).digest('hex').slice(0, TAG_DIGITS)}"`
  return { line, tag, isKnown: tag === known }
}

/** Of `Prefer: wait=25`, in whole seconds; 0 where it says nothing of that kind. */
export function preferredWaitMs(prefer: string | undefined, waitMsMax: number): number {
  const [, seconds] = /(?:^|[,;\s])wait=(\d{1,4})(?:$|[,;\s])/i.exec(prefer ?? '') ?? []
  return Math.min(waitMsMax, Number(seconds ?? 0) * 1_000)
}
