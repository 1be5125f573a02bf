/**
 * Who took, ended or was refused what: one line of JSON each, for questions that come later. No line has an id of a claim, a token of the
 * token file or a store URL: who reads the file can end nothing with it.
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import type { Caller } from './gate.ts'
import { Refusal } from './refusal.ts'

export type AuditEvent = 'acquired' | 'evict' | 'evicted' | 'not_evicted' | 'refused' | 'session_ended'

export interface AuditDetails {
  readonly name?: string
  /** The fencing token, which is no secret. */
  readonly token?: string
  /** Of an eviction, or the code of a refusal. */
  readonly reason?: string
}

export interface AuditOptions {
  /** Lines are added to it; a new one is for its owner alone. @default none: nothing is kept */
  readonly path?: string | undefined
  /** A line could not be written, at most once a minute. @default nothing */
  readonly onTrouble?: ((error: Error) => void) | undefined
}

const OWNER_ONLY = 0o600
/** A program that guesses tokens must not fill the disk. */
const REFUSAL_PACE_MS = 1_000
const TROUBLE_PACE_MS = 60_000

export class Audit {
  readonly #path: string | undefined
  readonly #onTrouble: (error: Error) => void
  #file: number | undefined
  #refusedAtMs = Number.NEGATIVE_INFINITY
  #unwritten = 0
  #troubleAtMs = Number.NEGATIVE_INFINITY

  /** Throws where the file cannot be opened: a server that cannot account for what it does does not begin. */
  constructor({ path, onTrouble = () => undefined }: AuditOptions = {}) {
    this.#path = path
    this.#onTrouble = onTrouble
    this.reopen()
  }

  /** For a file that was moved away. */
  reopen(): void {
    if (this.#path === undefined) return
    const before = this.#file
    this.#file = openSync(this.#path, 'a', OWNER_ONLY)
    if (before !== undefined) closeSync(before)
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }

  /** What happened already is not undone for a full disk: that is told, and the number of lines that are missing. */
  note(event: AuditEvent, caller: Caller, details: AuditDetails = {}): void {
    this.#write(event, caller, details)
  }

  /** Before something that an operator must be able to answer for: throws where it cannot be written down. */
  require(event: AuditEvent, caller: Caller, details: AuditDetails): void {
    if (this.#write(event, caller, details)) return
    throw new Refusal(
      'AUDIT_FAILED',
      'the audit file cannot be written, so nothing was done: see the messages of the server',
    )
  }

  /** At most one a second; the line says how many there were. */
  refused(caller: Caller | undefined, code: string): void {
    const nowMs = performance.now()
    this.#unwritten += 1
    if (nowMs - this.#refusedAtMs < REFUSAL_PACE_MS) return
    this.#refusedAtMs = nowMs
    const count = this.#unwritten
    this.#unwritten = 0
    this.#write('refused', caller, { reason: code, count })
  }

  #write(event: AuditEvent, caller: Caller | undefined, details: AuditDetails & { readonly count?: number }): boolean {
    if (this.#file === undefined) return true
    const by = caller === undefined ? {} : { by: caller.name, scopes: [...caller.scopes] }
    const line = Buffer.from(`${JSON.stringify({ at: new Date().toISOString(), event, ...by, ...details })}\n`)
    try {
      if (writeSync(this.#file, line) === line.length) return true
      throw new Error('the disk took only a part of a line')
    } catch (error) {
      this.#tell(error instanceof Error ? error : new Error(String(error)))
      return false
    }
  }

  #tell(error: Error): void {
    const nowMs = performance.now()
    if (nowMs - this.#troubleAtMs < TROUBLE_PACE_MS) return
    this.#troubleAtMs = nowMs
    this.#onTrouble(error)
  }
}
