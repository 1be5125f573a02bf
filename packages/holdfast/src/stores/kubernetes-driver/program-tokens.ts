/** The tokens of a login program: each is used until shortly before its end, and the next one is fetched while it still counts. */
import type { Clock } from '../../time/clock.ts'
import { type LoginProgram, type ProgramToken, runLoginProgram } from './login-program.ts'

/** The next one is fetched so long before the end, and earlier in a shorter life. */
const EARLY_MS = 60_000
const EARLY_SHARE = 1 / 5

interface KeptToken extends ProgramToken {
  readonly sinceMs: number
}

export class ProgramTokens {
  readonly #program: LoginProgram
  readonly #clock: Clock
  #kept: KeptToken | undefined
  /** One run at a time: many requests that meet the end of a token start one program. */
  #running: Promise<KeptToken> | undefined

  constructor(program: LoginProgram, clock: Clock) {
    this.#program = program
    this.#clock = clock
  }

  async current(): Promise<string> {
    const kept = this.#kept
    if (kept === undefined) return (await this.#next()).token
    const { endsAtMs, sinceMs, token } = kept
    if (endsAtMs === undefined) return token
    const leftMs = endsAtMs - this.#clock.wallMs()
    if (leftMs <= 0) return (await this.#next()).token
    // What it says is met again by the request that finds the token ended.
    if (leftMs < Math.min(EARLY_MS, (endsAtMs - sinceMs) * EARLY_SHARE)) this.#next().catch(() => undefined)
    return token
  }

  /** It was refused. */
  forget(): void {
    this.#kept = undefined
  }

  #next(): Promise<KeptToken> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #run(): Promise<KeptToken> {
    const sinceMs = this.#clock.wallMs()
    this.#kept = { ...(await runLoginProgram(this.#program)), sinceMs }
    return this.#kept
  }
}
