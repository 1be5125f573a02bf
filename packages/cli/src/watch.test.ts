/**
 * `holdfast watch` in real processes: events for scripts, and a terminal that is given back as it was.
 * @module-tag real-time
 */
import { readdirSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { stripVTControlCharacters } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { documentsIn, type Running, Sandbox, until } from './fixture.ts'

// Only a failing test takes so long.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

let sandbox: Sandbox
beforeEach(() => {
  sandbox = new Sandbox()
})
afterEach(() => sandbox.close())

async function hold(name: string): Promise<Running> {
  const holder = sandbox.start(['run', '--note', 'night shift', name, '--', 'sh', '-c', 'echo up; sleep 60'])
  await holder.says(/up/)
  return holder
}

/** The claims of `seat`, and the files beside the lock file: what a watch must leave as it is. */
async function traces(): Promise<unknown> {
  const { lastToken, claims } = await sandbox.inspect('seat')
  const files = readdirSync(sandbox.folder, { recursive: true, encoding: 'utf8' }).toSorted()
  return { lastToken, claims: claims.map(({ state, token }) => ({ state, token })), files }
}

/** The record of `seat`: who observes it until when, and its claims. */
function recordOfSeat(): readonly [observers: readonly [channel: string, untilMs: number][], ...claims: unknown[][]] {
  const file = new DatabaseSync(sandbox.path('locks.db'), { readOnly: true })
  const row = file.prepare('SELECT record FROM line').get()
  file.close()
  return JSON.parse(String(row?.['record'])) as ReturnType<typeof recordOfSeat>
}

/** Makes a pipe look like a terminal of a given size to the command; its signals are real. */
function asTerminal(columns: number, rows: number): Record<string, string> {
  const script = `
    import { WriteStream } from 'node:tty'
    const { stdout } = process
    Object.assign(stdout, { isTTY: true, columns: ${columns}, rows: ${rows}, getColorDepth: WriteStream.prototype.getColorDepth })
    process.on('SIGWINCH', () => { Object.assign(stdout, { columns: 44, rows: 16 }); stdout.emit('resize') })`
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}`, TERM: 'xterm-256color' }
}

const [ENTER, LEAVE] = ['\u001b[?1049h\u001b[?25l', '\u001b[?25h\u001b[?1049l']

describe('watch --json', () => {
  it('tells who was there, who waits, who gets the lock and who loses it, and ends with its signal', async () => {
    const holder = await hold('seat')
    const watch = sandbox.start(['watch', 'se', '--json', '--interval', '100ms'])
    await watch.says(/"held"/)
    const waiter = sandbox.start(['run', 'seat', '--', 'sh', '-c', 'sleep 60'])
    await watch.says(/"waiting"/)
    holder.kill('SIGTERM')
    await until('the hand-over is told', () => watch.stdout.match(/"held"/g)?.length === 2)
    waiter.kill('SIGTERM')
    await until('both ends are told', () => watch.stdout.match(/"ended"/g)?.length === 2)
    watch.kill('SIGINT')
    const { code, stdout, stderr } = await watch.ended
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' })
    const events = documentsIn(stdout) as readonly Record<string, unknown>[]
    expect(events[0]).toMatchObject({ event: 'held', initial: true, name: 'seat', note: 'night shift' })
    expect(events[0]?.['token']).toMatch(/^\d+$/)
    expect(events[1]).toMatchObject({ event: 'waiting', initial: false, place: 1, token: null })
    expect(events.at(-1)).toMatchObject({ event: 'ended', id: events[1]?.['id'] })
  })
})

describe('the locks that watch shows', () => {
  it('are told of at once, however seldom names are listed', async () => {
    const holder = await hold('seat')
    const watch = sandbox.start(['watch', '--json', '--interval', '1h'])
    await watch.says(/"held"/)
    const waiter = sandbox.start(['run', '--ttl', '2s', 'seat', '--', 'sh', '-c', 'sleep 60'])
    await watch.says(/"waiting"/)
    holder.kill('SIGTERM')
    await until('the hand-over is told', () => watch.stdout.match(/"held"/g)?.length === 2)
    // It cannot give back what it holds: no store tells of that end.
    waiter.kill('SIGSTOP')
    await until('its end is told', () => watch.stdout.match(/"ended"/g)?.length === 2)
    watch.kill('SIGINT')
    expect(await watch.ended).toMatchObject({ code: 130, stderr: '' })
  })

  it('are left as they are: a watch enters itself for a minute, and nothing else of it stays', async () => {
    await hold('seat')
    const before = await traces()
    const watch = sandbox.start(['watch', '--json', '--interval', '100ms'])
    await watch.says(/"held"/)
    await until('it is entered', () => recordOfSeat()[0].length === 1)
    watch.kill('SIGINT')
    expect(await watch.ended).toMatchObject({ code: 130, stderr: '' })
    expect(await traces()).toEqual(before)
    const [[[, untilMs] = ['', 0]], [, , , , ttlMs, , endsAtMs] = []] = recordOfSeat()
    // Entered after the claim was renewed last, or at most one of its lives before.
    expect(untilMs - (Number(endsAtMs) - Number(ttlMs))).toBeLessThanOrEqual(60_000 + Number(ttlMs))
  })
})

describe('watch in a pipe', () => {
  it('prints a line a change, and with --once one picture without colours', async () => {
    await hold('seat')
    const watch = sandbox.start(['watch', '--interval', '100ms'])
    await watch.says(/^\d\d:\d\d:\d\d seat: \S+ holds it, token \d+ \(night shift\)\n/)
    watch.kill('SIGTERM')
    expect((await watch.ended).code).toBe(143)
    const once = await sandbox.run(['watch', '--once'])
    expect(once).toMatchObject({ code: 0, stderr: '' })
    expect(once.stdout).toMatch(/^holdfast watch: namespace default.*\nNAME .*\nseat +held +lock +\d+ .*night shift\n$/)
  })
})

describe('watch on a terminal', () => {
  it('draws in place, follows the size and gives the terminal back on Ctrl-C', async () => {
    const name = 'a-long-name-'.repeat(10)
    const holder = await hold(name)
    const watch = sandbox.start(['watch', '--interval', '100ms'], asTerminal(60, 20))
    await watch.says(/held/)
    watch.kill('SIGWINCH')
    await watch.says(/a-long-name…/)
    holder.kill('SIGTERM')
    await watch.says(/\u001b\[31m\S+ a-long-name/)
    watch.kill('SIGINT')
    const { code, stdout, stderr } = await watch.ended
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' })
    expect(stdout.startsWith(ENTER)).toBe(true)
    expect(stdout.endsWith(LEAVE)).toBe(true)
    expect(stdout.split(ENTER)).toHaveLength(2)
  })

  it('gives the terminal back while it is suspended, and draws again afterwards', async () => {
    const watch = sandbox.start(['watch', '--interval', '100ms'], asTerminal(60, 20))
    await watch.says(/nobody holds/)
    watch.kill('SIGTSTP')
    await until('the terminal is given back', () => watch.stdout.endsWith(LEAVE))
    watch.kill('SIGCONT')
    await until('it is drawn again', () => /nobody holds/.test(watch.stdout.split(ENTER)[2] ?? ''))
    watch.kill('SIGINT')
    expect((await watch.ended).stdout.endsWith(LEAVE)).toBe(true)
  })

  it('has no colours with NO_COLOR, and gives the terminal back when it is ended', async () => {
    const watch = sandbox.start(['watch', '--interval', '100ms'], { ...asTerminal(60, 20), NO_COLOR: '1' })
    await watch.says(/nobody holds or waits for anything/)
    watch.kill('SIGTERM')
    const { code, stdout } = await watch.ended
    expect(code).toBe(143)
    expect(stdout).not.toMatch(/\u001b\[\d+m/)
    expect(stdout.endsWith(LEAVE)).toBe(true)
  })
})

describe('watch with a keyboard', () => {
  /** What stands on the screen: everything since it was drawn last. */
  const screenOf = ({ stdout }: Running): string =>
    stripVTControlCharacters(stdout.slice(stdout.lastIndexOf('\u001b[?2026h'))).replaceAll('\r', '')

  function watchOnTerminal(): {
    press(keys: string): void
    shows(pattern: RegExp): Promise<void>
    readonly running: Running
  } {
    const running = sandbox.startOnTerminal(['watch', '--interval', '100ms'])
    return {
      running,
      press: (keys) => running.process.stdin?.write(keys),
      shows: (pattern) =>
        until(
          `${pattern} on the screen`,
          () => pattern.test(screenOf(running)),
          () => screenOf(running),
        ),
    }
  }

  it('filters, opens a lock and evicts its holder for the reason that was typed, after a yes', async () => {
    const holder = await hold('seat')
    await hold('other')
    const { lastToken } = await sandbox.inspect('seat')
    const { running, press, shows } = watchOnTerminal()
    await shows(/> other .*\n {2}seat/)
    press('\u001b[B')
    await shows(/> seat/)
    press('/sea')
    await shows(/\/sea▏/)
    press('\r')
    await shows(/"sea": 1 of 2 names[\s\S]*> seat/)
    press('\r')
    await shows(/seat: held by .* \(night shift\), token[\s\S]*queue ▁+ 0/)
    press('e')
    await shows(new RegExp(`Evict the holder of seat[\\s\\S]*token {3}${lastToken}[\\s\\S]*Reason, told to the holder`))
    // Pasted: the line break in it is no Enter.
    press('\u001b[200~host\rdb3\u001b[201~')
    await shows(/Reason, told to the holder: host db3▏/)
    press('\r')
    await shows(new RegExp(`Evict token ${lastToken} from "seat"\\?`))
    press('y')
    await shows(new RegExp(`evicted token ${lastToken} from seat`))
    expect((await holder.ended).stderr).toContain('host db3')
    press('q')
    const { code, stdout } = await running.ended
    expect(code).toBe(0)
    expect(stdout.trimEnd().endsWith(LEAVE)).toBe(true)
  })

  it('ends with Ctrl-C and gives the terminal back, although it reads single keys', async () => {
    const { running, press, shows } = watchOnTerminal()
    await shows(/q quits/)
    press('\u0003')
    const { code, stdout } = await running.ended
    expect(code).toBe(130)
    expect(stdout.trimEnd().endsWith(LEAVE)).toBe(true)
  })
})
