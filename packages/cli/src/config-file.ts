/**
 * The store and the namespace of a user or of a machine, in a file: what every call means that does not say otherwise. A file
 * in the working directory never counts, because a checkout must not choose where the locks are.
 */
import { readFileSync, type Stats, statSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { exitCodes, Failure } from './exit-codes.ts'

export interface ConfigOptions {
  /** `false` comes from --no-config. */
  readonly config?: string | false
}

/** What a file may say. Everything else belongs to the single call. */
export interface Config {
  readonly store?: string
  readonly storeFile?: string
  readonly namespace?: string
}

const KEYS: readonly (keyof Config)[] = ['store', 'storeFile', 'namespace']
const OF_MACHINE = '/etc/holdfast.json'
const BYTES_MAX = 64 * 1_024
const OTHERS_WRITE = 0o022
const OTHERS_READ = 0o004

/** The file that was named, or the first that is there: that of the user, that of the machine. */
export function readConfig({ config }: ConfigOptions, environment: NodeJS.ProcessEnv): Config {
  if (config === false) return {}
  const named = config ?? (environment['HOLDFAST_CONFIG'] || undefined)
  const path = named === undefined ? placesOf(environment).find(isThere) : resolve(named)
  return path === undefined ? {} : configIn(path)
}

function placesOf(environment: NodeJS.ProcessEnv): readonly string[] {
  const { XDG_CONFIG_HOME: folder = '', HOME: home = '' } = environment
  const configHome = isAbsolute(folder) ? folder : isAbsolute(home) ? join(home, '.config') : undefined
  return [...(configHome === undefined ? [] : [join(configHome, 'holdfast', 'config.json')]), OF_MACHINE]
}

/** A folder that may not be searched, such as the home of the user who called `su`, has nothing for this user. */
function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}

function configIn(path: string): Config {
  const shown = `the configuration ${JSON.stringify(path)}`
  let [text, stats]: [string, Stats | undefined] = ['', undefined]
  try {
    stats = statSync(path)
    if (stats.size <= BYTES_MAX) text = readFileSync(path, 'utf8')
  } catch (error) {
    throw refused(`${shown} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (stats.size > BYTES_MAX) throw refused(`${shown} is longer than ${BYTES_MAX} bytes`)
  refuseOfOthers(shown, stats)
  const config = checked(shown, text)
  if (config.store?.includes('@') === true && process.platform !== 'win32' && (stats.mode & OTHERS_READ) !== 0) {
    throw refused(`every user may read ${shown}, and the password in it: chmod o-r`)
  }
  // Relative to the working directory they would be another store for every call.
  if (/^sqlite:(?!\/)./i.test(config.store ?? '')) {
    throw refused(`${shown}: the path of a lock file begins with a slash, as in sqlite:/srv/locks.db`)
  }
  return config.storeFile === undefined ? config : { ...config, storeFile: resolve(dirname(path), config.storeFile) }
}

/** Who may write it decides which locks there are. */
function refuseOfOthers(shown: string, { uid, mode }: Stats): void {
  const user = process.getuid?.()
  if (user === undefined) return
  const wayOut = 'or --no-config to pass over it'
  if (uid !== 0 && uid !== user) throw refused(`${shown} belongs to another user (uid ${uid}): chown it, ${wayOut}`)
  if ((mode & OTHERS_WRITE) !== 0) throw refused(`other users may write to ${shown}: chmod go-w, ${wayOut}`)
}

function checked(shown: string, text: string): Config {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The words of the parser repeat what is in the file.
    throw refused(`${shown} is not JSON`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refused(`${shown} must be an object with ${KEYS.join(', ')}`)
  }
  const wrong = Object.entries(value).find(
    ([key, each]) => !KEYS.some((known) => known === key) || typeof each !== 'string',
  )
  if (wrong !== undefined) {
    const [key] = wrong
    const line = text.slice(0, text.indexOf(JSON.stringify(key))).split('\n').length
    throw refused(`${shown}, line ${line}: ${JSON.stringify(key)} must be text, and one of ${KEYS.join(', ')}`)
  }
  const config: Config = value
  if (config.store !== undefined && config.storeFile !== undefined) {
    throw refused(`${shown} has store and storeFile: keep the one that is meant`)
  }
  return config
}

function refused(message: string): Failure {
  return new Failure(exitCodes.usage, message)
}
