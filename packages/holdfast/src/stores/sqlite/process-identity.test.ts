/**
 * What one process can know of another.
 * @module-tag real-time
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type ProcessIdentity, plainMachine, thisMachine, WALL_EPOCH } from './process-identity.ts'

const onLinux = test.runIf(process.platform === 'linux')

/** A process that the test may kill. */
async function someProcess(
  command: string,
  ...given: string[]
): Promise<{ readonly pid: number; kill(): Promise<void> }> {
  const child = spawn(command, given, { stdio: 'ignore' })
  const exit = once(child, 'exit')
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exit
  }
  onTestFinished(kill)
  await once(child, 'spawn')
  return { pid: child.pid ?? 0, kill }
}

/** As the process would say itself. */
function identityOf(pid: number): string {
  const [, , namespace, boot] = thisMachine().process.split('.')
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return [pid, stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19], namespace, boot].join('.')
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
  const { pid, kill } = await someProcess('sleep', '60')
  const identity = identityOf(pid)
  process.kill(pid, 'SIGSTOP')
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
  // Before, the shell itself may notice.
  await expect.poll(() => readFileSync(`/proc/${shell.pid}/comm`, 'latin1')).toBe('sleep\n')
  process.kill(pid, 'SIGKILL')
  await expect.poll(() => readFileSync(`/proc/${pid}/stat`, 'latin1')).toContain(') Z ')
  expect(thisMachine().isGone(identity)).toBe(true)
})

onLinux('a pid that was given to another process does not bring the first one back', () => {
  const [pid, start, namespace, boot] = thisMachine().process.split('.')
  expect(thisMachine().isGone([pid, Number(start) - 1, namespace, boot].join('.'))).toBe(true)
})

onLinux('a process of another pid namespace, or of another boot, cannot be judged', () => {
  const machine = thisMachine()
  const [, , namespace, boot] = machine.process.split('.')
  for (const foreign of [`999999999.1.1.${boot}`, `999999999.1.${namespace}.0`, plainMachine('linux').process]) {
    expect(machine.isNeighbour(foreign)).toBe(false)
    expect(machine.isGone(foreign)).toBe(false)
  }
  expect(machine.isGone(`999999999.1.${namespace}.${boot}`)).toBe(true)
})

test.each(['', 'x', '1', '1.2', '1.2.3', '-1.2.3.4', '1.2.3.4x', '0.0.0.0x', '1.2.3.', `${'9'.repeat(30)}.1.1.1`])(
  'text that is no identity counts as neither neighbour nor gone: %j',
  (text) => {
    for (const machine of machines()) {
      expect(machine.isNeighbour(text)).toBe(false)
      expect(machine.isGone(text)).toBe(false)
    }
  },
)

test('on macOS, which has one table of processes, a process is gone when its pid is free', async () => {
  const machine = plainMachine('darwin')
  expect(machine).toMatchObject({ epoch: WALL_EPOCH, clock: 'wall' })
  expect(machine.isGone(machine.process)).toBe(false)
  expect(machine.isNeighbour(machine.process)).toBe(true)
  const { identity, kill } = await plainProcess()
  expect(machine.isGone(identity)).toBe(false)
  await kill()
  expect(machine.isGone(identity)).toBe(true)
})

test.each(['linux', 'freebsd', 'win32'] as const)(
  'on %s without /proc a pid that is free here may be taken in another container, and nobody is gone',
  async (platform) => {
    const machine = plainMachine(platform)
    const { identity, kill } = await plainProcess()
    await kill()
    expect(machine.isNeighbour(identity)).toBe(false)
    expect(machine.isGone(identity)).toBe(false)
  },
)

/** A process, as it would name itself without /proc. */
async function plainProcess(): Promise<{ readonly identity: string; kill(): Promise<void> }> {
  const { pid, kill } = await someProcess('sleep', '60')
  return { identity: `${pid}.0.0.0.a-channel`, kill }
}

function machines(): readonly ProcessIdentity[] {
  return [thisMachine(), plainMachine('darwin')]
}

/** Runs a line of code on this module in namespaces of its own; `undefined` when this machine does not allow that. */
function unshared(options: readonly string[], code: string): string | undefined {
  if (spawnSync('unshare', [...options, '--fork', 'true']).status !== 0) return undefined
  const module = new URL('process-identity.ts', import.meta.url).href
  const script = `import { thisMachine } from ${JSON.stringify(module)}; ${code}`
  const given = [...options, '--fork', process.execPath, '--input-type=module', '-e', script]
  const { status, stdout, stderr } = spawnSync('unshare', given, { encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  return stdout.trim()
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

onLinux(
  'a process that sees a boot id of its own judges nobody of the machine, and is judged by nobody',
  ({ skip }) => {
    const own = join(mkdtempSync(join(tmpdir(), 'holdfast-')), 'boot_id')
    writeFileSync(own, '01234567-89ab-4cde-8f01-23456789abcd\n')
    onTestFinished(() => rmSync(dirname(own), { recursive: true }))
    const boundBootId = `require('node:child_process').execFileSync('mount', ['--bind', ${JSON.stringify(own)}, '/proc/sys/kernel/random/boot_id'])`
    const said = unshared(
      ['--mount'],
      `import { createRequire } from 'node:module'; const require = createRequire('/'); ${boundBootId}
     const machine = thisMachine()
     console.log(machine.epoch, machine.process, machine.isGone(${JSON.stringify(thisMachine().process.replace(/^\d+/, '999999999'))}))`,
    )
    if (said === undefined) return skip('this machine does not let this user make a mount namespace')
    const [epoch, process, judged] = said.split(' ')
    expect(epoch).toBe('01234567-89ab-4cde-8f01-23456789abcd')
    expect(judged).toBe('false')
    // It has ended by now, and cannot be told from one that lives where its pid means something else.
    expect(thisMachine().isGone(process ?? '')).toBe(false)
  },
)

onLinux('a process whose entry in /proc is hidden lives', ({ skip }) => {
  // As the other user that a hidepid mount keeps it from.
  if (process.getuid?.() !== 0) return skip('needs two users, and so root')
  const code = `import { createRequire } from 'node:module'
    const { execFileSync, spawn } = createRequire('/')('node:child_process')
    const { pid } = spawn('sleep', ['60'], { stdio: 'ignore' })
    execFileSync('mount', ['-o', 'remount,hidepid=2', '/proc'])
    process.setgroups([]); process.setgid(65534); process.setuid(65534)
    const machine = thisMachine()
    const [, , namespace, boot] = machine.process.split('.')
    console.log(machine.isGone([pid, 1, namespace, boot].join('.')), machine.isGone([999999999, 1, namespace, boot].join('.')))
    process.exit()`
  const said = unshared(['--mount', '--pid', '--mount-proc'], code)
  if (said === undefined) return skip('this machine does not let this user make a mount namespace')
  // The first is a process of root whose start time, could it be seen, would tell another one.
  expect(said).toBe('false true')
})
