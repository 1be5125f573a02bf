/** What `holdfast doctor` found out, as data and as words. */
import type { Facts } from 'holdfast'
import { factRows } from './facts.ts'
import type { Printer } from './printer.ts'

/** `problem`: something is wrong, the exit code says so. `note`: worth knowing. `ok`: checked and fine. */
export type Level = 'ok' | 'note' | 'problem'

export interface Finding {
  readonly level: Level
  /** A stable word for scripts. */
  readonly check: string
  /** What was seen. */
  readonly seen: string
  /** What to do about it. */
  readonly advice?: string
}

/** Figures in milliseconds; a check that did not run has none. */
export type Figures = Readonly<Record<string, number | boolean | string>>

export interface Checked {
  readonly findings: readonly Finding[]
  readonly figures: Figures
}

/** The document of `doctor --json`. Fields may be added, never changed or removed. */
export interface DoctorDocument {
  readonly namespace: string
  /** null when it could not be opened. */
  readonly facts: Facts | null
  readonly figures: Readonly<Record<string, Figures>>
  readonly findings: readonly Finding[]
}

const SIGNS: Readonly<Record<Level, string>> = { ok: 'ok', note: 'note', problem: 'PROBLEM' }

export function printFacts(printer: Printer, facts: Facts): void {
  printer.table(['PROMISE', 'THIS STORE'], factRows(facts))
}

export function printFindings(printer: Printer, findings: readonly Finding[]): void {
  const rows = findings.flatMap(({ level, check, seen, advice }) => [
    [SIGNS[level], check, seen],
    ...(advice === undefined ? [] : [['', '', `→ ${advice}`]]),
  ])
  printer.table(['RESULT', 'CHECK', 'SEEN'], rows)
}

export function hasProblem(findings: readonly Finding[]): boolean {
  return findings.some(({ level }) => level === 'problem')
}

/** Three digits are more than a measurement on a busy machine carries. */
export function figure(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1_000)} µs`
  return ms < 1_000 ? `${ms.toPrecision(3)} ms` : `${(ms / 1_000).toPrecision(3)} s`
}

/** For a document: a clock is not finer than a microsecond. */
export function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000
}

/** The value below which this share of them lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}
