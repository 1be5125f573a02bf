/** A complete store: each line of claims is one text in a drawer of the cabinet. */
import type { Facts, Store } from 'holdfast'
import { swapStore } from 'holdfast/records'
import type { Cabinet } from './cabinet.ts'

const facts: Facts = {
  engine: 'cabinet',
  safetyClass: 'best-effort',
  reasons: ['The cabinet of the example forgets everything when its process ends.'],
  clock: 'the clock of the cabinet, read with each line',
  expiry: 'engine',
  tokens: 'max(last + 1, clock of the cabinet in µs), kept in the line, which is never deleted',
  order: 'fifo',
  wakeUp: 'poll',
  ttl: { per: 'claim', granularityMs: 1, minMs: 100, maxMs: 86_400_000 },
  lockRisks: ['a clock of the cabinet that is set forward'],
  tokenRisks: ['losing the drawers and setting the clock back'],
  unsupported: {},
}

export function cabinetStore(cabinet: Cabinet): Store {
  return swapStore(async () => ({
    facts,
    async read(key) {
      const { drawer, nowMs } = await cabinet.read(key)
      return { stored: drawer && { text: drawer.text, version: String(drawer.version) }, nowMs }
    },
    async swap(key, seen, text) {
      const version = Number(seen ?? 0)
      return (await cabinet.swap(key, version, text)) ? { version: String(version + 1) } : {}
    },
    list: (prefix, after, limit) => cabinet.keys(prefix, after === '' ? undefined : after, limit),
  }))
}
