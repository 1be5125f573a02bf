/** docs/fault-lab.md names everything there is: faults, excuses, known-bad locks, replays, failpoints. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { properties } from '../judge/violation.ts'
import { excuses } from './expectations.ts'
import { faultsOf, storesWithFaults } from './faults/catalogue.ts'
import { helpText } from './help.ts'
import { scenarios } from './scenarios/catalogue.ts'
import { flaws } from './traffic/flaws.ts'
import { failpoints } from './traffic/order.ts'

const page = readFileSync(new URL('../../../../docs/fault-lab.md', import.meta.url), 'utf8')

const firstCells = (pattern: RegExp): string[] => [...page.matchAll(pattern)].map(([, cell = '']) => cell)

test('the page has a row for every promise, every replay and every known-bad lock, and for nothing else', () => {
  expect(firstCells(/^\| ([A-Z]″?) \|/gm)).toEqual(Object.keys(properties))
  const named = firstCells(/^\| `([a-z-]+)` \|/gm)
  expect(named.toSorted()).toEqual([...Object.keys(flaws), ...scenarios.keys()].toSorted())
})

test('the page has a row for every fault, with the rights it needs, and for every excuse', () => {
  for (const scheme of storesWithFaults) {
    for (const [name, { rights }] of faultsOf(scheme)?.faults ?? [])
      expect(page).toMatch(new RegExp(`\\| \`${name}\` \\| ${rights} \\|`))
  }
  const rows = [...page.matchAll(/^\| `([\w+]+):` \| ([^|]+) \| ([A-Z]″?) \|/gm)].map(([, ...cells]) => cells)
  const named = (faults: readonly string[]): string => faults.map((fault) => `\`${fault}\``).join(', ')
  expect(rows).toEqual(excuses.map(({ scheme, faults, property }) => [scheme, named(faults), property]))
})

test('the page marks as usual what a run makes that does not say', () => {
  const marked = [...page.matchAll(/^\| (any|servers|groups|`[\w+]+:`) \| `([a-z-]+)` \| \w+ \| usual\./gm)]
  for (const scheme of storesWithFaults) {
    const kind = scheme.includes('+') ? 'groups' : 'servers'
    const mine = new Set(['any', `\`${scheme}:\``, ...(scheme === 'sqlite' ? [] : [kind])])
    const own = marked.filter(([, of = '']) => mine.has(of)).map(([, , name]) => name)
    expect(own).toEqual(faultsOf(scheme)?.usual)
  }
})

test('page and help name every failpoint and every fault', () => {
  for (const point of failpoints) expect(page).toContain(`\`${point}\``)
  for (const scheme of storesWithFaults) {
    for (const name of faultsOf(scheme)?.faults.keys() ?? []) expect(helpText).toContain(name)
  }
})
