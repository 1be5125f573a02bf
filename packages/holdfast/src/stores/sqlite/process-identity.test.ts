/**
 * What one process can know of another.
 * @module-tag real-time
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { type ProcessIdentity, plainMachine, thisMachine, WALL_EPOCH } from './process-identity.ts'

const onLinux = test.runIf(process.platform === 'linux')

/** A process, and its identity as it would say itself. */
async function someProcess(
  command: string,
  ...given: string[]
): Promise<{ readonly identity: string; kill(): Promise<void> }> {
  const child = spawn(command, given, { stdio: 'ignore' })
  const exit = once(child, 'exit')
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exit
  }
  onTestFinished(kill)
  await once(child, 'spawn')
  return { identity: identityOf(child.pid ?? 0), kill }
}

function identityOf(pid: number): string {
  const [, , namespace] = thisMachine().process.split('.')
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return [pid, stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19], namespace].join('.')
}

onLinux('a process knows itself, and lives', () => {
  const machine = thisMachine()
  expect(machine.epoch).toMatch(/^[0-9a-f-]{36}$/)
  expect(machine.clock).toBe('monotonic')
  expect(machine.process).toBe(identityOf(process.pid))
  expect(machine.isNeighbour(machine.process)).toBe(true)
  expect(machine.isGone(machine.process)).toBe(false)
})

onLinux('a process is gone when it was killed, not while it is stopped', async () => {
  const machine = thisMachine()
  const { identity, kill } = await someProcess('sleep', '60')
  process.kill(Number(identity.split('.')[0]), 'SIGSTOP')
  expect(machine.isGone(identity)).toBe(false)
  expect(machine.isGone(`${identity}.a-channel`)).toBe(false)
  await kill()
  expect(machine.isGone(identity)).toBe(true)
  expect(machine.isGone(`${identity}.a-channel`)).toBe(true)
})

onLinux('a killed process whose parent has not noticed is gone', async () => {
  // The shell starts a child, becomes a program that never waits for children, and so leaves a zombie behind.
  const shell = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] })
  onTestFinished(() => void shell.kill('SIGKILL'))
  const [output] = (await once(shell.stdout, 'data')) as [Buffer]
  const pid = Number(output.toString().trim())
  const identity = identityOf(pid)
  expect(thisMachine().isGone(identity)).toBe(false)
  process.kill(pid, 'SIGKILL')
  await expect.poll(() => readFileSync(`/proc/${pid}/stat`, 'latin1')).toContain(') Z ')
  expect(thisMachine().isGone(identity)).toBe(true)
})

onLinux('a pid that was given to another process does not bring the first one back', () => {
  const [pid, start, namespace] = thisMachine().process.split('.')
  expect(thisMachine().isGone([pid, Number(start) - 1, namespace].join('.'))).toBe(true)
})

onLinux('a process of another pid namespace cannot be judged', () => {
  const machine = thisMachine()
  const foreign = '999999999.1.1'
  expect(machine.isNeighbour(foreign)).toBe(false)
  expect(machine.isGone(foreign)).toBe(false)
  expect(machine.isGone(plainMachine().process)).toBe(false)
})

test.each(['', 'x', '1', '1.2', '-1.2.3', '1.2.3x', '0.0.0x', `${'9'.repeat(30)}.1.1`])(
  'text that is no identity counts as neither neighbour nor gone: %j',
  (text) => {
    for (const machine of machines()) {
      expect(machine.isNeighbour(text)).toBe(false)
      expect(machine.isGone(text)).toBe(false)
    }
  },
)

test('without /proc a process is gone when its pid is free, and the wall clock judges', async () => {
  const machine = plainMachine()
  expect(machine).toMatchObject({ epoch: WALL_EPOCH, clock: 'wall' })
  expect(machine.isGone(machine.process)).toBe(false)
  expect(machine.isNeighbour(machine.process)).toBe(true)
  const child = spawn('sleep', ['60'], { stdio: 'ignore' })
  await once(child, 'spawn')
  const identity = `${child.pid}.0.0.a-channel`
  expect(machine.isGone(identity)).toBe(false)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(machine.isGone(identity)).toBe(true)
})

function machines(): readonly ProcessIdentity[] {
  return [thisMachine(), plainMachine()]
}

/** Runs a line of code on this module in namespaces of its own; `undefined` when this machine does not allow that. */
function unshared(options: readonly string[], code: string): string | undefined {
  const module = new URL('machine.ts', import.meta.url).href
  const script = `import { thisMachine } from ${JSON.stringify(module)}; ${code}`
  const given = [...options, '--fork', process.execPath, '--input-type=module', '-e', script]
  const { status, stdout } = spawnSync('unshare', given, { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

onLinux('a time namespace with a shifted clock is refused', ({ skip }) => {
  const code = 'try { thisMachine(); console.log("accepted") } catch (error) { console.log(error.code, error.message) }'
  const said = unshared(['--time', '--monotonic=1000'], code)
  if (said === undefined) return skip('this machine does not let this user make a time namespace')
  expect(said).toMatch(/^STORE_UNAVAILABLE .*time namespace whose clock is shifted/)
})

onLinux('in a pid namespace that sees the outer /proc, nobody is judged by an entry of somebody else', ({ skip }) => {
  // Its own pid is 1 there, and /proc/1 is the init of the machine, which started at another time.
  const said = unshared(
    ['--pid'],
    'const machine = thisMachine(); console.log(process.pid, machine.isGone(machine.process))',
  )
  if (said === undefined) return skip('this machine does not let this user make a pid namespace')
  expect(said).toBe('1 false')
})
