/** The command line of a run, read and checked before anything is started: what cannot be judged is refused with the reason. */
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { durationMs } from 'holdfast'
import { faultsOf, storesWithFaults } from './faults/catalogue.ts'
import { lockFileOf } from './faults/sqlite-faults.ts'
import { absoluteStoreUrl, schemeOf } from './open-store.ts'
import type { Settings } from './settings.ts'
import { flaws, isFlaw } from './traffic/flaws.ts'
import type { LockChoice } from './traffic/order.ts'

/** What is wrong with the command line, in words for the person who typed it. */
export class UsageError extends Error {}

const OUT_DEFAULT = 'holdfast-lab'
const WORKERS = { default: '6', min: 2, max: 32 }
const FOR = { default: '60s', minMs: 1_000, maxMs: 3_600_000 }
/** Shorter than a lock in life, so that more happens in a minute; below it a busy machine is itself the fault. */
const TTL = { default: '500ms', minMs: 200, maxMs: 60_000 }
const SEED_MAX = 2 ** 31

const text = { type: 'string' } as const

export type RunOption = 'store' | 'faults' | 'for' | 'workers' | 'seed' | 'ttl' | 'guard' | 'broken' | 'lock' | 'out'

export const runOptions: Readonly<Record<RunOption, typeof text>> = {
  store: text,
  faults: text,
  for: text,
  workers: text,
  seed: text,
  ttl: text,
  guard: text,
  broken: text,
  lock: text,
  out: text,
}

export type Values = { readonly [Name in RunOption]?: string | undefined }

export function parse<T extends Readonly<Record<string, { type: 'string' | 'boolean'; default?: string | boolean }>>>(
  args: readonly string[],
  options: T,
): ReturnType<typeof parseArgs<{ args: string[]; options: T; allowPositionals: true }>> {
  return orUsage(() => parseArgs({ args: [...args], options, allowPositionals: true }))
}

/** `environment` may name the store, as everywhere in the command. Makes the folder of the run. */
export function settingsOf(values: Values, environment: NodeJS.ProcessEnv): Settings {
  const seed =
    values.seed === undefined ? 1 + Math.floor(Math.random() * SEED_MAX) : whole('seed', values.seed, 1, SEED_MAX)
  const lock = lockChoice(values)
  const given = values.store ?? (environment['HOLDFAST_STORE'] || undefined)
  const out = freeFolder(
    values.out ?? join(OUT_DEFAULT, `${new Date().toISOString().replaceAll(/[:.]/g, '-')}-seed-${seed}`),
  )
  const storeUrl = storeOf(given ?? `sqlite:${join(out, 'locks.db')}`)
  const scheme = schemeOf(storeUrl)
  const settings: Settings = {
    storeUrl,
    scheme,
    seed,
    lock,
    out,
    faults: chosenFaults(values.faults, { storeUrl, scheme, isOwn: given === undefined, lock }),
    forMs: duration('for', values.for ?? FOR.default, FOR),
    ttlMs: duration('ttl', values.ttl ?? TTL.default, TTL),
    workers: whole('workers', values.workers ?? WORKERS.default, WORKERS.min, WORKERS.max),
    guard: oneOf('guard', values.guard ?? 'on', ['on', 'off']) === 'on',
  }
  // Last: a mistake leaves nothing behind.
  mkdirSync(out, { recursive: true })
  return settings
}

function storeOf(url: string): string {
  if (url.startsWith('memory:')) {
    throw new UsageError('memory: lives inside one process, and the lab needs several: there is nobody to take over')
  }
  const absolute = orUsage(() => absoluteStoreUrl(url))
  if (faultsOf(schemeOf(absolute)) !== undefined) return absolute
  throw new UsageError(
    `the lab knows no faults for ${schemeOf(absolute)}: yet; it knows them for ${storesWithFaults.map((name) => `${name}:`).join(', ')}`,
  )
}

function lockChoice({ broken, lock }: Values): LockChoice {
  if (broken !== undefined && lock !== undefined) throw new UsageError('--broken and --lock exclude each other')
  if (lock !== undefined) return { kind: 'module', url: pathToFileURL(resolve(lock)).href }
  if (broken === undefined) return { kind: 'holdfast' }
  if (isFlaw(broken)) return { kind: 'broken', name: broken }
  throw new UsageError(`--broken must be one of ${Object.keys(flaws).join(', ')}`)
}

interface FaultChoice {
  readonly storeUrl: string
  readonly scheme: string
  /** The run makes the store for itself. */
  readonly isOwn: boolean
  readonly lock: LockChoice
}

/** Nothing is left out silently: a fault that cannot be made is an error that says why. */
export function chosenFaults(list: string | undefined, choice: FaultChoice): readonly string[] {
  const { scheme, storeUrl, isOwn, lock } = choice
  const known = faultsOf(scheme)
  if (known === undefined) throw new UsageError(`the lab knows no faults for ${scheme}:`)
  const { faults, meaningless, usual } = known
  // The lock under test does not use the lock file then, so hurting the file hurts nobody.
  const hurtsNobody = (name: string): boolean => faults.get(name)?.hitsStore === true && lock.kind !== 'holdfast'
  if (list === undefined) return usual.filter((name) => !hurtsNobody(name))
  const names = [...new Set(list.split(',').map((name) => name.trim()))].filter(
    (name) => name !== '' && name !== 'none',
  )
  for (const name of names) {
    const fault = faults.get(name)
    if (fault === undefined) {
      const reason = meaningless.get(name) ?? 'there is no such fault'
      throw new UsageError(`--faults ${name}: ${reason} (${scheme}: has ${[...faults.keys()].join(', ')}, or none)`)
    }
    if (hurtsNobody(name)) throw new UsageError(`--faults ${name}: the lock under test does not use the lock file`)
    if (fault.hitsStore && !isOwn && existsSync(lockFileOf(storeUrl))) {
      throw new UsageError(
        `--faults ${name}: it would hit everybody who uses this lock file; give one that does not exist yet`,
      )
    }
    if (fault.rights === 'root' && process.getuid?.() !== 0) throw new UsageError(`--faults ${name}: needs root`)
  }
  return names
}

/** Missing or empty, in a folder that exists or can be made in one that exists. */
export function freeFolder(path: string): string {
  const out = resolve(path)
  if (existsSync(out) && (!statSync(out).isDirectory() || readdirSync(out).length > 0)) {
    throw new UsageError(`${out} is not an empty folder; a run keeps its files apart from others`)
  }
  const above = dirname(dirname(out))
  if (!existsSync(above)) throw new UsageError(`there is no folder ${above}`)
  return out
}

export function duration(
  name: string,
  text: string,
  range: { readonly minMs: number; readonly maxMs: number },
): number {
  return orUsage(() => durationMs(name, text, range))
}

/** What another part of the project says about a wrong value, as a wrong command line. */
function orUsage<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

export function whole(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new UsageError(`--${name} must be a whole number from ${min} to ${max}, got ${JSON.stringify(text)}`)
}

function oneOf(name: string, text: string, words: readonly string[]): string {
  if (words.includes(text)) return text
  throw new UsageError(`--${name} must be ${words.join(' or ')}, got ${JSON.stringify(text)}`)
}
