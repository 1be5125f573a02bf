/** What a resource on a server writes down of each call that it admitted, as events of a history. */
import type { HistoryEvent } from '@holdfast/testbed/history'
import { RESOURCE } from './resource.ts'

export interface LogEntry {
  readonly t: string
  readonly p: string
  readonly list: string
  readonly token: string
  readonly kind: 'enter' | 'read' | 'write'
  readonly raises: boolean
  readonly base?: number
  readonly element?: string
}

export interface FinalList {
  readonly name: string
  /** With commas between. */
  readonly elements: string
}

export function commitEvent({ t, p, list, token, kind, raises, base, element }: LogEntry, i: number): HistoryEvent {
  const common = { cseq: i, token, kind, raises, by: p }
  const written = kind === 'write' ? { base: base ?? 0, version: (base ?? 0) + 1, element: element ?? '' } : {}
  return { i, op: i, t, p: RESOURCE, e: 'sig', f: 'commit', k: list, in: { ...common, ...written } }
}

/** `after` so many events. */
export function finalEvents(lists: readonly FinalList[], after: number): HistoryEvent[] {
  const t = process.hrtime.bigint().toString()
  return lists.map(({ name, elements }, index) => {
    const i = after + index
    return { i, op: i, t, p: RESOURCE, e: 'sig', f: 'final', k: name, in: { elements } }
  })
}
