/**
 * `holdfast doctor`: it tells the sick from the well, ends when a store hangs, and leaves nothing behind.
 * @module-tag real-time
 */
import { existsSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { DatabaseSync } from 'node:sqlite'
import type { Store } from 'holdfast'
import { memory, memoryEngine } from 'holdfast/memory'
import { type FaultPlan, unreliable } from 'holdfast/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { patient } from '@holdfast/testbed/watchdog/pace'
import { rising } from './doctor-checks.ts'
import { type DoctorCommandOptions, examined } from './doctor.ts'
import { type DoctorDocument, quantile } from './doctor-report.ts'
import { exitCodeOf } from './exit-codes.ts'
import { Sandbox } from './fixture.ts'
import { Printer, type Streams } from './printer.ts'

function sandboxOfTest(): Sandbox {
  const sandbox = new Sandbox()
  onTestFinished(() => sandbox.close())
  return sandbox
}

async function examine(makeStore: () => Store, options: DoctorCommandOptions, limitMs?: number) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const printer = new Printer({ stdin, stdout, stderr } as unknown as Streams)
  const context = { printer, environment: {} }
  const code = await examined(
    context,
    async () => makeStore(),
    options,
    limitMs === undefined ? {} : { limitMs },
  ).catch(exitCodeOf)
  const text: unknown = stdout.read()
  return { code, stdout: text instanceof Buffer ? text.toString() : '' }
}

describe('doctor', () => {
  it('finds a healthy store healthy, says what it measured, and leaves no claim behind', async () => {
    const sandbox = sandboxOfTest()
    const { code, stdout, stderr } = await sandbox.run(['doctor', sandbox.store, '--json'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const { namespace, facts, figures, findings } = JSON.parse(stdout) as DoctorDocument
    expect(facts).toMatchObject({ safetyClass: 'durable', order: 'fifo' })
    expect(Object.keys(figures)).toEqual(['open', 'uncontended', 'handOff', 'renewal', 'expiry', 'tokens', 'clock'])
    expect(findings.filter(({ level }) => level === 'problem')).toEqual([])
    expect(figures['expiry']?.['nextMs']).toBeGreaterThanOrEqual(595)
    expect((await sandbox.run(['--namespace', namespace, 'ls'])).stdout).toBe('')
  })

  it('with --facts-only prints what the store promises and takes no lock', async () => {
    const sandbox = sandboxOfTest()
    const { code, stdout } = await sandbox.run(['doctor', '--facts-only'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^PROMISE +THIS STORE\nengine +SQLite.*\nsafety class +durable\n/)
    expect(existsSync(sandbox.path('locks.db'))).toBe(false)
  })

  it('warns of a store that forgets, and says what to do', async () => {
    const engine = memoryEngine()
    const { code, stdout } = await examine(() => memory(engine), { factsOnly: true })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^note +class +.*best-effort/m)
    expect(stdout).toMatch(/^ +→ .*put a guard at the resource/m)
  })

  it('calls it a problem when the next one is let in although the holder still believes in its lock', async () => {
    const engines = [memoryEngine(), memoryEngine()]
    const stores = [0, 0, 1].map((index) => memory(engines[index]))
    const { code, stdout } = await examine(() => stores.shift() ?? memory(), { json: true })
    expect(code).toBe(1)
    const { findings } = JSON.parse(stdout) as DoctorDocument
    expect(findings.filter(({ level }) => level === 'problem').map(({ check }) => check)).toContain('expiry')
  })

  it('calls it a problem when tokens do not rise', () => {
    expect(rising([1n, 2n, 2n ** 60n]).findings).toMatchObject([{ level: 'ok' }])
    for (const tokens of [
      [2n, 1n],
      [1n, 1n],
      [2n ** 53n + 1n, 2n ** 53n],
    ])
      expect(rising(tokens).findings).toMatchObject([{ level: 'problem', check: 'tokens' }])
  })

  it.each<[string, FaultPlan, RegExp]>([
    ['from the start', () => ({ kind: 'lost-request', silence: 'hangs' }), /^$/],
    [
      'after it was opened',
      (_, method) => (method === 'open' ? undefined : { kind: 'lost-request', silence: 'hangs' }),
      /PROBLEM +uncontended +the store did not answer within .* in the check "uncontended"\n/,
    ],
  ])('ends in time when the store hangs %s', async (_, plan, said) => {
    const startedMs = performance.now()
    const engine = memoryEngine()
    const { code, stdout } = await examine(() => unreliable(memory(engine), plan), {}, 300)
    expect(code).toBe(69)
    expect(stdout).toMatch(said)
    expect(performance.now() - startedMs).toBeLessThan(patient(8_000))
  })

  it('says in one line why a file cannot be used, and does not hang', async () => {
    const sandbox = sandboxOfTest()
    const database = new DatabaseSync(sandbox.path('locks.db'))
    onTestFinished(() => database.close())
    database.exec('PRAGMA application_id = 77')
    const { code, stdout, stderr } = await sandbox.run(['doctor'])
    expect({ code, stdout }).toEqual({ code: 69, stdout: '' })
    expect(stderr).toMatch(
      /^holdfast: the lock file \S+ is the database of another program[^\n]*\. Asking again does not help[^\n]*\n$/,
    )
    const documented = await sandbox.run(['doctor', '--json'])
    expect(documented.code).toBe(69)
    expect(JSON.parse(documented.stdout)).toMatchObject({
      facts: null,
      findings: [{ level: 'problem', check: 'open', seen: expect.stringContaining('of another program') as string }],
    })
  })
})

describe('a quantile', () => {
  it('is a value that was measured', () => {
    expect([0, 0.5, 0.99, 1].map((share) => quantile([3, 1, 2], share))).toEqual([1, 2, 3, 3])
    expect(quantile([], 0.5)).toBeNaN()
  })
})
