/** The command line of a run, read and checked before anything is started: what cannot be judged is refused with the reason. */
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { durationMs } from 'holdfast'
import {
  type CommandLine,
  type OptionKinds,
  readCommandLine,
  UsageError,
  wholeNumber,
} from '@holdfast/testbed/command-line'
import { faultsOf, storesWithFaults } from './faults/catalogue.ts'
import { chosenFaults } from './faults/choice.ts'
import { lockFileOf } from './faults/sqlite-faults.ts'
import { type Persistence, persistences } from './environment/environment.ts'
import { absoluteStoreUrl, schemeOf } from './open-store.ts'
import { PERSISTENCE_DEFAULT, RESOURCE_DEFAULT, type ResourceKind, resourceKinds, type Settings } from './settings.ts'
import { refuseUnexpectedArguments } from './unexpected-arguments.ts'
import { flaws, isFlaw } from './traffic/flaws.ts'
import type { LockChoice } from './traffic/order.ts'

const OUT_DEFAULT = 'holdfast-lab'
const WORKERS = { default: '6', min: 2, max: 32 }
const FOR = { default: '60s', minMs: 1_000, maxMs: 3_600_000 }
/** Shorter than a lock in life, so that more happens in a minute; below it a busy machine is itself the fault. */
const TTL_MS_DEFAULT = 500
const TTL = { minMs: 200, maxMs: 60_000 }
export const SEED: { readonly min: number; readonly max: number } = { min: 1, max: 2 ** 31 }

export type RunOption =
  | 'store'
  | 'persistence'
  | 'resource'
  | 'faults'
  | 'for'
  | 'workers'
  | 'seed'
  | 'ttl'
  | 'guard'
  | 'broken'
  | 'lock'
  | 'out'

export const runOptions: Readonly<Record<RunOption, 'text'>> = {
  store: 'text',
  persistence: 'text',
  resource: 'text',
  faults: 'text',
  for: 'text',
  workers: 'text',
  seed: 'text',
  ttl: 'text',
  guard: 'text',
  broken: 'text',
  lock: 'text',
  out: 'text',
}

export type Values = { readonly [Name in RunOption]?: string | undefined }

/** `takes` is how many words without an option the command has; any more are refused. */
export function parse<const Kinds extends OptionKinds>(
  command: string,
  args: readonly string[],
  kinds: Kinds,
  takes = 0,
): CommandLine<Kinds> {
  const parsed = readCommandLine(args, kinds)
  refuseUnexpectedArguments(command, parsed.words, takes)
  return parsed
}

export interface Chosen {
  readonly settings: Settings
  /** What `--faults all` could not have here, each with the reason. */
  readonly leftOut: readonly string[]
}

/** `environment` may name the store, as everywhere in the command. Makes the folder of the run. */
export async function settingsOf(values: Values, environment: NodeJS.ProcessEnv): Promise<Chosen> {
  const seed =
    values.seed === undefined ? 1 + Math.floor(Math.random() * SEED.max) : wholeNumber('--seed', values.seed, SEED)
  const lock = lockChoice(values)
  const out = freeFolder(
    values.out ?? join(OUT_DEFAULT, `${new Date().toISOString().replaceAll(/[:.]/g, '-')}-seed-${seed}`),
  )
  const store = storeOf(values.store ?? (environment['HOLDFAST_STORE'] || undefined), out)
  checkPlace(lock, store.scheme)
  // A file of their own is what other locks bring; a server they share.
  const usesStore = lock.kind === 'holdfast' || store.scheme !== 'sqlite'
  const { names: faults, leftOut } = await chosenFaults(values.faults, { ...store, usesStore })
  const settings: Settings = {
    ...store,
    ...environmentOptions(values, store),
    seed,
    lock,
    out,
    faults,
    forMs: duration('for', values.for ?? FOR.default, FOR),
    ttlMs: values.ttl === undefined ? ttlMsFor(store.scheme) : duration('ttl', values.ttl, TTL),
    workers: wholeNumber('--workers', values.workers ?? WORKERS.default, WORKERS),
    guard: oneOf('guard', values.guard ?? 'on', ['on', 'off']) === 'on',
  }
  // Last: a mistake leaves nothing behind.
  mkdirSync(out, { recursive: true })
  return { settings, leftOut }
}

/** The lease of a run that does not say. */
export function ttlMsFor(scheme: string): number {
  return faultsOf(scheme)?.ttlMs ?? TTL_MS_DEFAULT
}

export type StoreChoice = Pick<Settings, 'storeUrl' | 'scheme' | 'isOwn'>

/** Without a URL, a lock file of the run's own; with a scheme alone, whatever that scheme needs, made by the run. */
export function storeOf(given: string | undefined, out: string): StoreChoice {
  const url = given === undefined || given === 'sqlite:' ? `sqlite:${join(out, 'locks.db')}` : given
  if (url.startsWith('memory:')) {
    throw new UsageError('memory: lives inside one process, and the lab needs several: there is nobody to take over')
  }
  const storeUrl = orUsage(() => absoluteStoreUrl(url))
  const scheme = schemeOf(storeUrl)
  if (faultsOf(scheme) === undefined) {
    const known = storesWithFaults.map((name) => `${name}:`).join(', ')
    throw new UsageError(`the lab knows no faults for ${scheme}: yet; it knows them for ${known}`)
  }
  const isOwn = scheme === 'sqlite' ? !existsSync(lockFileOf(storeUrl)) : storeUrl === `${scheme}:`
  return { storeUrl, scheme, isOwn }
}

export function environmentOptions(
  { persistence, resource }: Pick<Values, 'persistence' | 'resource'>,
  { scheme, isOwn }: StoreChoice,
): Pick<Settings, 'persistence' | 'resource'> {
  if (persistence !== undefined && (scheme === 'sqlite' || !isOwn)) {
    throw new UsageError('--persistence is for a server that the run starts: --store redis:')
  }
  if (persistence !== undefined && persistence !== 'always' && faultsOf(scheme)?.alwaysSyncs === true) {
    throw new UsageError(
      `--persistence: what ${scheme}: agrees on is on the disks first, or it is not what it promises`,
    )
  }
  return {
    persistence: oneOf('persistence', persistence ?? PERSISTENCE_DEFAULT, persistences) as Persistence,
    resource: oneOf('resource', (resource ?? RESOURCE_DEFAULT).replace(/:$/, ''), resourceKinds) as ResourceKind,
  }
}

function lockChoice({ broken, lock }: Values): LockChoice {
  if (broken !== undefined && lock !== undefined) throw new UsageError('--broken and --lock exclude each other')
  if (lock !== undefined) {
    const path = resolve(lock)
    if (!existsSync(path) || !statSync(path).isFile()) throw new UsageError(`--lock: there is no file ${path}`)
    return { kind: 'module', url: pathToFileURL(path).href }
  }
  if (broken === undefined) return { kind: 'holdfast' }
  if (isFlaw(broken)) return { kind: 'broken', name: broken }
  throw new UsageError(`--broken must be one of ${Object.keys(flaws).join(', ')}`)
}

/** A broken lock was built on one engine or another, and not on each. */
function checkPlace(lock: LockChoice, scheme: string): void {
  if (lock.kind !== 'broken' || !isFlaw(lock.name)) return
  const places: readonly string[] = flaws[lock.name].on
  if (places.includes(scheme)) return
  const known = places.map((place) => `--store ${place}:`).join(' and ')
  throw new UsageError(`--broken ${lock.name}: there is none on ${scheme}:, but with ${known}`)
}

/** Missing or empty. What is missing above it is made with it, as long as no file is in the way. */
export function freeFolder(path: string): string {
  const out = resolve(path)
  if (existsSync(out) && (!statSync(out).isDirectory() || readdirSync(out).length > 0)) {
    throw new UsageError(`${out} is not an empty folder; a run keeps its files apart from others`)
  }
  let above = dirname(out)
  while (!existsSync(above)) above = dirname(above)
  if (!statSync(above).isDirectory()) throw new UsageError(`${above} is not a folder`)
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

function oneOf(name: string, text: string, words: readonly string[]): string {
  if (words.includes(text)) return text
  throw new UsageError(`--${name} must be ${words.join(' or ')}, got ${JSON.stringify(text)}`)
}
