/** The wall clock of single processes, moved while they run: for redis-server, Node, and whatever asks libc. Needs no rights. */
import { chmodSync, closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeFolder, removeFolder } from '../engines/guard.ts'
import { run, which } from '../engines/command.ts'
import { EngineNotAvailable } from '../engines/engine.ts'
import { locateInstalled } from '../engines/install.ts'

const WHAT = 'a clock that can be moved'
/** In the sources, for what is built has no C beside it. */
const SOURCE = fileURLToPath(new URL('../../src/os/skewed-clock.c', import.meta.url))
const COMPILE_WITHIN_MS = 60_000
const OFFSET_BYTES = 8
const OFFSET_MS_MAX = 10 * 365 * 24 * 3_600_000
/** Enough to be told from a slow machine. */
const TRIAL_S = 100_000

export interface SkewedClock extends Disposable {
  /** For everything that is to go by this clock, at its start. */
  readonly environment: Readonly<Record<string, string>>
  readonly offsetMs: number
  /** From now on, in processes that run already too. Zero is the machine's own time again. */
  set(offsetMs: number): void
  close(): void
}

let library: Promise<string> | undefined

/** Compiles the library once for this process, and looks whether it works. Rejects with EngineNotAvailable. */
export function locate(): Promise<string> {
  library ??= compile().catch((error: unknown) => {
    library = undefined
    throw error
  })
  return library
}

/** A clock that goes right until it is moved. */
export async function openSkewedClock(): Promise<SkewedClock> {
  return clockOf(await locate())
}

async function clockOf(preloaded: string): Promise<SkewedClock> {
  const folder = await makeFolder('clock', 'memory')
  // Servers that run as another user go by it, too.
  chmodSync(folder, 0o711)
  const path = join(folder, 'offset')
  const file = openSync(path, 'w+', 0o644)
  let current = 0
  let closed = false
  const set = (offsetMs: number): void => {
    if (closed) throw new Error('the clock is closed')
    if (!(Math.abs(offsetMs) <= OFFSET_MS_MAX)) throw new RangeError(`a clock is moved by at most ${OFFSET_MS_MAX} ms`)
    const bytes = Buffer.alloc(OFFSET_BYTES)
    bytes.writeBigInt64LE(BigInt(Math.round(offsetMs * 1e6)))
    writeSync(file, bytes, 0, OFFSET_BYTES, 0)
    current = offsetMs
  }
  const close = (): void => {
    if (closed) return
    closed = true
    closeSync(file)
    removeFolder(folder)
  }
  // A mapping of an empty file would be the death of who reads it.
  set(0)
  return {
    environment: { LD_PRELOAD: preloaded, SKEWED_CLOCK_FILE: path },
    get offsetMs() {
      return current
    },
    set,
    close,
    [Symbol.dispose]: close,
  }
}

async function compile(): Promise<string> {
  if (process.platform !== 'linux') throw new EngineNotAvailable(WHAT, 'this is no Linux, and it preloads a library')
  const { command } = await locateInstalled({
    engineName: WHAT,
    packages: ['gcc', 'libc6-dev'],
    program: 'gcc',
    version: { args: ['-dumpfullversion'], pattern: /^(\S+)/ },
  })
  // Not in memory: /dev/shm is often mounted so that nothing in it may be run.
  const folder = await makeFolder('skewed-clock', 'disk')
  chmodSync(folder, 0o711)
  const target = join(folder, 'skewed-clock.so')
  const args = ['-O2', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', '-o', target, SOURCE]
  await run(command[0], args, { withinMs: COMPILE_WITHIN_MS })
  await tryOut(target)
  return target
}

/** A library that cannot be loaded is skipped with a message on stderr; then the clock would be moved for no process. */
async function tryOut(preloaded: string): Promise<void> {
  const clock = await clockOf(preloaded)
  try {
    clock.set(TRIAL_S * 1_000)
    const { LD_PRELOAD = '', SKEWED_CLOCK_FILE = '' } = clock.environment
    const env = await which('env')
    const words = [`LD_PRELOAD=${LD_PRELOAD}`, `SKEWED_CLOCK_FILE=${SKEWED_CLOCK_FILE}`, 'date', '+%s']
    const seenS = Number(await run(env ?? 'env', words, { withinMs: COMPILE_WITHIN_MS }))
    if (seenS - Date.now() / 1_000 > TRIAL_S / 2) return
    throw new EngineNotAvailable(WHAT, 'programs here do not load the library')
  } finally {
    clock.close()
  }
}
