/** L: every acknowledged element is in the final value, and each accepted write was based on the one before it: a chain without a fork. */
import { inCommitOrder } from './guard-order.ts'
import { byName, type Moment, type Operation, type Record } from './record.ts'
import type { Violation } from './violation.ts'

export function checkLostUpdates({ operations, moments }: Record): Violation[] {
  const writes = moments.filter((moment) => moment.f === 'commit' && moment.in['kind'] === 'write')
  const finals = new Map(moments.filter((moment) => moment.f === 'final').map((moment) => [moment.k, moment]))
  const acknowledged = operations.filter((operation) => operation.f === 'write' && operation.outcome === 'ok')
  return [
    ...[...byName(writes).values()].flatMap(forks),
    ...[...byName(acknowledged)].flatMap(([name, all]) => missing(all, finals.get(name))),
  ]
}

function forks(writes: readonly Moment[]): Violation[] {
  const found: Violation[] = []
  let version = 0
  for (const { p, k, atNs, in: detail } of inCommitOrder(writes)) {
    const base = Number(detail['base'])
    if (base !== version) {
      const text = `version ${String(detail['version'])} was made from version ${base} and overwrites version ${version}`
      found.push({ property: 'L', p, k, atNs, text })
    }
    version = Number(detail['version'])
  }
  return found
}

function missing(acknowledged: readonly Operation[], final: Moment | undefined): Violation[] {
  const elements = new Set(String(final?.in['elements'] ?? '').split(','))
  return acknowledged.flatMap(({ p, k, endNs, in: detail }): Violation[] => {
    const element = String(detail['element'])
    if (elements.has(element)) return []
    return [{ property: 'L', p, k, atNs: endNs, text: `"${element}" was acknowledged and is not in the final value` }]
  })
}
