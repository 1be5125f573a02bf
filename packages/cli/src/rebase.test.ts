/** `holdfast rebase` in real processes and with a person at a terminal, over a file whose tokens a wrong clock made too high. */
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { documentsIn, Sandbox } from './fixture.ts'

// Only a failing test takes so long.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

let sandbox: Sandbox
beforeEach(() => {
  sandbox = new Sandbox()
})
afterEach(() => sandbox.close())

const nowUs = (): bigint => BigInt(Date.now()) * 1000n
const TWO_DAYS_US = 172_800_000_000n

async function tokenOf(name: string): Promise<bigint> {
  const { code, stdout, stderr } = await sandbox.run(['run', name, '--', 'sh', '-c', 'echo $HOLDFAST_TOKEN'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return BigInt(stdout)
}

/** As a grant under a clock two days ahead left it, before there was a roof. */
async function poisoned(): Promise<bigint> {
  await tokenOf('job')
  const highest = nowUs() + TWO_DAYS_US
  const raw = new DatabaseSync(sandbox.path('locks.db'))
  raw.prepare('UPDATE line SET token = ?').run(highest)
  raw.prepare('UPDATE file SET floor = ?, ceiling = ?').run(highest, highest)
  raw.close()
  return highest
}

it('shows the highest token, with the date it stands for and how far that is from now, and changes nothing', async () => {
  expect((await sandbox.run(['rebase'])).stdout).toBe('highest token: none yet\n')
  const highest = await poisoned()
  const { code, stdout, stderr } = await sandbox.run(['rebase'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const date = new Date(Number(highest / 1000n)).toISOString()
  expect(stdout).toContain(`highest token: ${highest} (${date}, `)
  expect(stdout).toMatch(/\((?:\S+), (?:1d 23h|2d 0h) ahead of this machine's clock\)\n$/)
  expect(documentsIn((await sandbox.run(['rebase', '--json'])).stdout)).toEqual([
    { highest: String(highest), to: null, direction: null },
  ])
  expect(await tokenOf('job')).toBe(highest + 1n)
})

it('lowers the tokens of known and of new names, and says what that costs', async () => {
  const highest = await poisoned()
  const { code, stdout, stderr } = await sandbox.run(['rebase', '--to', 'now', '--yes'])
  expect({ code, stderr }).toMatchObject({ code: 0 })
  expect(stderr).toMatch(/down: stop every program that uses this store/)
  expect(stderr).toMatch(/down: a token from before counts as newer than those to come/)
  expect(stderr).toMatch(/down: a guard that has seen such a token refuses all later holders/)
  expect(stdout).toMatch(/^the next token of every lock comes behind \d+\n$/)
  for (const name of ['job', 'another']) {
    const token = await tokenOf(name)
    expect(token).toBeLessThan(highest)
    expect(token - nowUs()).toBeLessThan(0n)
  }
})

it('raises them to a date while a run holds, and warns of a date that guards would refuse', async () => {
  const holder = sandbox.start(['run', 'job', '--', 'sh', '-c', 'echo up; sleep 60'])
  await holder.says(/up/)
  const soon = new Date(Date.now() + 3_600_000).toISOString()
  const raised = await sandbox.run(['--json', 'rebase', '--to', soon, '--yes'])
  expect(raised.code).toBe(0)
  expect(documentsIn(raised.stdout)).toMatchObject([{ to: `${Date.parse(soon)}000`, direction: 'up' }])
  expect(raised.stderr).not.toMatch(/refuse/)
  expect(await tokenOf('another')).toBe(BigInt(Date.parse(soon)) * 1000n + 1n)
  const far = new Date(Date.now() + 3 * 86_400_000).toISOString()
  expect((await sandbox.run(['rebase', '--to', far, '--yes'])).stderr).toMatch(/they will refuse all of these/)
})

it('lowers nothing while a program uses the store', async () => {
  const highest = await poisoned()
  const holder = sandbox.start(['run', 'other', '--', 'sh', '-c', 'echo up; sleep 60'])
  await holder.says(/up/)
  const { code, stdout, stderr } = await sandbox.run(['rebase', '--to', 'now', '--yes'])
  expect({ code, stdout }).toEqual({ code: 69, stdout: '' })
  expect(stderr).toMatch(/is in use by other processes: stop all of them/)
  expect(await tokenOf('job')).toBe(highest + 1n)
})

it('asks at a terminal, and takes no for an answer', async () => {
  const highest = await poisoned()
  const { code, stderr } = await sandbox.talk(['rebase', '--to', 'now'], [[/Move the tokens down\? \[y\/N\] $/, 'n']])
  expect(code).toBe(1)
  expect(stderr).toMatch(/nothing was done/)
  expect(await tokenOf('job')).toBe(highest + 1n)
  expect((await sandbox.talk(['rebase', '--to', 'now'], [[/Move the tokens down\?/, 'y']])).code).toBe(0)
  expect(await tokenOf('job')).toBeLessThan(highest)
})
