/**
 * The board and the alerts of examples/telemetry, over a program that runs and a Prometheus that scrapes it.
 * @module-tag real-time
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as prometheus from '@holdfast/testbed/engines/prometheus/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { METRICS } from '@holdfast/telemetry'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { nameOf } from './index.ts'

const EXAMPLES = join(import.meta.dirname, '../../../examples/telemetry')
const read = (file: string): string => readFileSync(join(EXAMPLES, file), 'utf8')

interface Panel {
  readonly title: string
  readonly targets: readonly { readonly expr: string }[]
}

const { panels } = JSON.parse(read('dashboard.json')) as { readonly panels: readonly Panel[] }

/** What Grafana puts in. */
const filledIn = (expr: string): string =>
  expr.replaceAll('$__rate_interval', '10s').replaceAll(/\$(?:namespace|lock)/g, '.*')

const SUFFIX = /_(?:bucket|count|sum)$/
const known = new Set(Object.values(METRICS).map((metric) => nameOf(metric)))

function metricsIn(text: string): readonly string[] {
  return [...text.matchAll(/(?<![:"\w])holdfast_(?:lock|lease|guard|store)_\w+(?=[{[ )]|$)/gm)]
    .map(([name]) => name.replace(SUFFIX, ''))
    .filter((name) => !labels.has(name))
}

const labels = new Set(
  Object.values(METRICS).flatMap(({ attributes }) => attributes.map((name) => name.replaceAll('.', '_'))),
)

test.each(['dashboard.json', 'alerts.yml', 'alerts.test.yml'])('%s names no metric that there is not', (file) => {
  const named = metricsIn(read(file).replaceAll('\\"', '"'))
  expect(named.length).toBeGreaterThan(10)
  expect(named.filter((name) => !known.has(name))).toEqual([])
})

test('every metric has a place on the board', () => {
  const named = new Set(panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => metricsIn(expr))))
  expect([...known].filter((name) => !named.has(name))).toEqual([])
})

test('every alert leads to a page that says what to look at', () => {
  const page = readFileSync(join(EXAMPLES, '../../docs/telemetry.md'), 'utf8')
  const headings = new Set(Array.from(page.matchAll(/^#+ (.+)$/gm), ([, heading = '']) => heading.toLowerCase()))
  const runbooks = Array.from(
    read('alerts.yml').matchAll(/runbook: docs\/telemetry\.md#(\S+)/g),
    ([, anchor]) => anchor,
  )
  const alerts = Array.from(read('alerts.yml').matchAll(/- alert: (\w+)/g))
  expect(runbooks).toHaveLength(alerts.length)
  expect(runbooks.filter((anchor) => !headings.has(anchor ?? ''))).toEqual([])
})

describe('with a Prometheus', () => {
  beforeEach(async (context) => {
    await requireEngine(context, prometheus)
  })

  test('every alert fires where it should, and none while all is well', async () => {
    expect(await prometheus.promtool('test', 'rules', join(EXAMPLES, 'alerts.test.yml'))).toContain('SUCCESS')
    const fired = new Set(Array.from(read('alerts.test.yml').matchAll(/alertname="(\w+)"/g), ([, name]) => name))
    const alerts = Array.from(read('alerts.yml').matchAll(/- alert: (\w+)/g), ([, name]) => name)
    expect(alerts.filter((name) => !fired.has(name))).toEqual([])
  })

  test('the configuration is one that Prometheus takes', async () => {
    expect(await prometheus.promtool('check', 'config', join(EXAMPLES, 'prometheus.yml'))).toContain('SUCCESS')
  })
})

describe('while the example runs', () => {
  let program: ChildProcess | undefined
  let server: Awaited<ReturnType<typeof prometheus.start>> | undefined

  beforeAll(async () => {
    const found = await prometheus.locate().catch(() => undefined)
    if (found === undefined) return
    program = spawn(process.execPath, [join(EXAMPLES, 'src/program.ts')], {
      env: { ...process.env, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [said] = (await once(program.stdout ?? program, 'data')) as [Buffer]
    server = await prometheus.start({
      targets: [new URL(String(said).trim()).host],
      rules: join(EXAMPLES, 'alerts.yml'),
    })
  })
  beforeEach(async (context) => {
    await requireEngine(context, prometheus)
  })
  afterAll(async () => {
    await server?.close()
    program?.kill('SIGTERM')
    if (program?.exitCode === null) await once(program, 'exit')
  })

  const valuesOf = async (expr: string): Promise<readonly number[]> =>
    (await prometheus.query(server?.url ?? '', filledIn(expr))).map(({ value }) => value)
  const panel = (title: string): Panel => panels.find((each) => each.title === title) ?? { title, targets: [] }

  test.each(['Wait for a lock', 'Hold of a lock', 'Stale writes refused by guard', 'Attempts by how they ended'])(
    'the panel "%s" has something to show',
    async (title) => {
      expect(panel(title).targets.length).toBeGreaterThan(0)
      for (const { expr } of panel(title).targets) {
        await expect.poll(async () => (await valuesOf(expr)).some((value) => value > 0), { timeout: 20_000 }).toBe(true)
      }
    },
  )

  test('the board shows contention as it is: waits as long as the holds of the others', async () => {
    const [p50Wait] = panel('Wait for a lock').targets
    const [p50Hold] = panel('Hold of a lock').targets
    const [waited = 0] = await valuesOf(p50Wait?.expr ?? '')
    const [held = 0] = await valuesOf(p50Hold?.expr ?? '')
    expect(waited).toBeGreaterThan(0.01)
    expect(held).toBeLessThan(0.1)
  })

  test('Prometheus understands every expression of the board', async () => {
    for (const { title, targets } of panels) {
      for (const { expr } of targets) expect([title, await valuesOf(expr)]).toEqual([title, expect.any(Array)])
    }
  })

  test('a refused write fires its alert', async () => {
    const firing = 'ALERTS{alertname="HoldfastStaleWrite",alertstate="firing"}'
    await expect.poll(async () => (await valuesOf(firing)).length, { timeout: 20_000 }).toBeGreaterThan(0)
  })
})
