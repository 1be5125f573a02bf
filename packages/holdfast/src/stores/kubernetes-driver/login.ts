/** The token that goes with each request. One in a file is replaced there before it ends, so the file is read again and again; a program is run again. */
import type { Clock } from '../../time/clock.ts'
import { type KubernetesAccess, textIn } from './access.ts'
import { ProgramTokens } from './program-tokens.ts'

/** A token of a service account is replaced when four fifths of its hour are over. */
const KEPT_MS = 60_000

export class KubernetesLogin {
  readonly #access: KubernetesAccess
  readonly #clock: Clock
  readonly #tokens: ProgramTokens | undefined
  #read: { readonly token: Promise<string>; readonly atMs: number } | undefined

  constructor(access: KubernetesAccess, clock: Clock) {
    this.#access = access
    this.#clock = clock
    this.#tokens = access.program === undefined ? undefined : new ProgramTokens(access.program, clock)
  }

  /** Whether a login that was refused may be another one soon. */
  get isRenewed(): boolean {
    return this.#access.tokenFile !== undefined || this.#tokens !== undefined
  }

  async headers(): Promise<Readonly<Record<string, string>>> {
    const { token, tokenFile } = this.#access
    if (token !== undefined) return { authorization: `Bearer ${token}` }
    if (this.#tokens !== undefined) return { authorization: `Bearer ${await this.#tokens.current()}` }
    return tokenFile === undefined ? {} : { authorization: `Bearer ${await this.#tokenIn(tokenFile)}` }
  }

  /** It was refused: the next request reads it anew. */
  forget(): void {
    this.#read = undefined
    this.#tokens?.forget()
  }

  #tokenIn(file: string): Promise<string> {
    const nowMs = this.#clock.monotonicMs()
    if (this.#read === undefined || nowMs - this.#read.atMs > KEPT_MS) {
      const token = textIn(file).then((text) => text.trim())
      token.catch(() => this.forget())
      this.#read = { token, atMs: nowMs }
    }
    return this.#read.token
  }
}
