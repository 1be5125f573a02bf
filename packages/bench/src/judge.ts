/** How long the judge needs for a long history: to read it, and for each of its sweeps; and how large a page of it is. */
import { drawingOf } from '@holdfast/lab/timeline/drawing'
import { checkers } from '@holdfast/lab/judge/judge'
import { readHistory } from '@holdfast/lab/judge/record'
import type { Property } from '@holdfast/lab/judge/violation'
import { historyText } from '@holdfast/testbed/history'
import { viewerHtml } from '@holdfast/lab/timeline/viewer-page'
import { cpuMs } from './clock.ts'
import type { Figure, Suite } from './figure.ts'
import { longHistory, OPERATIONS_A_GRANT } from '@holdfast/lab/judge/long-history'

const OPERATIONS = 1_000_000
const PAGE_GRANTS = 5_000
const OPTIONS = { freeNs: 1e9, lateNs: 1e9 }
/** The targets in seconds, for each promise that has one. */
const TARGETS: ReadonlyMap<Property, number> = new Map([
  ['T', 1.06],
  ['G', 0.49],
  ['V', 2.3],
  ['F', 0.23],
])

export const judging: Suite = {
  name: 'judge',
  about: `the judge of the fault lab on ${OPERATIONS.toLocaleString('en-US')} operations in which nothing is wrong`,
  async run() {
    const history = longHistory(OPERATIONS)
    const [record, readMs] = timed(() => readHistory(history))
    const sweeps = (Object.keys(checkers) as Property[]).map((property) => {
      const [violations, tookMs] = timed(() => checkers[property](record, OPTIONS))
      return { property, tookMs, violations: violations.length }
    })
    const sumMs = sweeps.reduce((sum, { tookMs }) => sum + tookMs, readMs)
    const found = sweeps.reduce((sum, { violations }) => sum + violations, 0)
    return [
      { what: 'operations', unit: '', value: record.operations.length },
      { what: 'events', unit: '', value: history.length },
      { what: 'grants', unit: '', value: record.holds.length },
      { what: 'violations', unit: '', value: found, target: { atMost: 0 } },
      { what: 'reading', unit: 's', value: readMs / 1000 },
      ...sweeps.map(({ property, tookMs }): Figure => {
        const target = TARGETS.get(property)
        const figure = { what: property, unit: 's', value: tookMs / 1000 }
        return target === undefined ? figure : { ...figure, target: { atMost: target } }
      }),
      { what: 'everything', unit: 's', value: sumMs / 1000 },
      ...pageFigures(),
    ]
  },
}

function pageFigures(): readonly Figure[] {
  const events = longHistory(PAGE_GRANTS * OPERATIONS_A_GRANT)
  const header = { v: 1, run: '', backend: '', versions: {}, faults: [], expectations: [] } as const
  const [page, tookMs] = timed(() => viewerHtml({ model: drawingOf(events, []), history: historyText(header, events) }))
  const what = `timeline of ${PAGE_GRANTS.toLocaleString('en-US')} grants`
  return [
    { what, unit: 'MB', value: page.length / 1e6 },
    { what: `${what}, made in`, unit: 's', value: tookMs / 1000 },
  ]
}

/** In time of the processor, because other programs are of no interest here. */
function timed<T>(work: () => T): readonly [T, number] {
  const beforeMs = cpuMs()
  const result = work()
  return [result, cpuMs() - beforeMs]
}
