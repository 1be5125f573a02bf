import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Case, cases, clientsIn, deepCases, isExpected, nodesIn, rowOf } from './cases.ts'
import { explore } from './explorer.ts'
import { ours } from './rule.ts'
import { traceOf } from './trace.ts'

/** All of it takes some seconds of a core; this is for a machine that has many other things to do. */
const SLOW_MS = 320_000
const ENOUGH = { states: 1_000_000, seconds: 300 }

const page = readFileSync(new URL('../../../../docs/redlock-model.md', import.meta.url), 'utf8')

function title({ rule, bounds, breaks }: Case): string {
  const { asks, resends, wipes } = bounds
  const outcome = breaks === undefined ? 'holds' : `breaks ${breaks}`
  const world = `${nodesIn(bounds)} nodes, ${clientsIn(bounds)} clients, ${asks} attempts, ${wipes} wipes`
  return `"${rule.name}" ${outcome} with ${world}, ${rule.votes} token${resends > 0 ? `, ${resends} sent twice` : ''}`
}

describe('the model of the token rule', () => {
  it.each(cases.map((each) => [title(each), each] as const))(
    '%s',
    (_, each) => {
      const exploration = explore(each.rule, each.bounds, ENOUGH)
      expect(exploration.violation?.property).toBe(each.breaks)
      expect(exploration.stoppedBy).toBeUndefined()
      expect(isExpected(each, exploration)).toBe(true)
      expect(page).toContain(rowOf(each, exploration))
      if (exploration.violation === undefined) return
      const trace = traceOf(each.rule, each.bounds, exploration.violation)
      expect(trace.length).toBeGreaterThan(3)
      expect(trace.at(-2)).toContain('is granted')
      expect(trace.at(-1)).toContain(`${each.breaks} is broken`)
    },
    SLOW_MS,
  )

  it(
    'says that it is not complete when it was stopped, and that is not taken for a proof',
    { timeout: SLOW_MS },
    () => {
      for (const each of [...cases, ...deepCases].filter(({ rule }) => rule.name === 'ours')) {
        const stopped = explore(each.rule, each.bounds, { states: 1_000, seconds: 100 })
        expect(stopped).toMatchObject({ stoppedBy: 'states' })
        expect(stopped.violation).toBeUndefined()
        expect(rowOf(each, stopped)).toContain('not complete: limit of states reached')
        expect(isExpected({ ...each, breaks: 'U' }, stopped)).toBe(false)
      }
      const [small] = cases
      expect(small && explore(ours, small.bounds, { states: 1_000, seconds: 0 })).toMatchObject({
        stoppedBy: 'seconds',
      })
    },
  )
})
