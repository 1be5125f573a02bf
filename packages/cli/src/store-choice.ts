/** Which store a call means: an option, then the environment, then the configuration, then the file of this user. */
import { statSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, resolve } from 'node:path'
import { type ConfigOptions, readConfig } from './config-file.ts'
import { exitCodes, Failure } from './exit-codes.ts'
import { readStoreFile } from './store-file.ts'
import { chooseStore, type ChosenStore, STORE_DEFAULT } from './stores.ts'

export interface StoreOptions extends ConfigOptions {
  readonly store?: string
  readonly storeFile?: string
}

export interface FoundStore {
  readonly store: ChosenStore
  /** It was not named: it is the file of this user. */
  readonly isDefault: boolean
  /** What leads a `holdfast` inside the command to the same store. An empty variable counts as none. */
  environment(): Promise<Readonly<Record<'HOLDFAST_STORE' | 'HOLDFAST_STORE_FILE', string>>>
}

/** For documentation, and for errors that name the choices. */
export const SHARED_EXAMPLE = 'sqlite:/var/lib/holdfast/locks.db'

export function findStore(options: StoreOptions, environment: NodeJS.ProcessEnv): FoundStore {
  const { url, file } = named(options, environment)
  if (file !== undefined) {
    const path = resolve(file)
    return {
      store: chooseStore(readStoreFile(path)),
      isDefault: false,
      environment: async () => ({ HOLDFAST_STORE: '', HOLDFAST_STORE_FILE: path }),
    }
  }
  if (url === undefined) refuseHomeless(environment)
  const store = chooseStore(url ?? STORE_DEFAULT)
  return {
    store,
    isDefault: url === undefined,
    environment: async () => ({ HOLDFAST_STORE: await store.resolved(), HOLDFAST_STORE_FILE: '' }),
  }
}

interface Named {
  readonly url?: string | undefined
  readonly file?: string | undefined
}

/** Two names on one level would leave it to chance which locks are meant. */
function named(options: StoreOptions, environment: NodeJS.ProcessEnv): Named {
  const { store, storeFile } = options
  if (store !== undefined && storeFile !== undefined) {
    throw new Failure(exitCodes.usage, '--store and --store-file exclude each other')
  }
  if (store !== undefined || storeFile !== undefined) return { url: store, file: storeFile }
  const url = environment['HOLDFAST_STORE'] || undefined
  const file = environment['HOLDFAST_STORE_FILE'] || undefined
  if (url !== undefined && file !== undefined) {
    throw new Failure(
      exitCodes.usage,
      'HOLDFAST_STORE and HOLDFAST_STORE_FILE are both set: keep the one that is meant',
    )
  }
  if (url !== undefined || file !== undefined) return { url, file }
  const config = readConfig(options, environment)
  return { url: config.store, file: config.storeFile }
}

/** A home that is not there is that of a service: a file made for it would exclude no other process. */
function refuseHomeless(environment: NodeJS.ProcessEnv): void {
  const stateHome = environment['XDG_STATE_HOME']
  if (process.platform === 'win32' || (stateHome !== undefined && isAbsolute(stateHome))) return
  const home = homeOf()
  const isThere = isAbsolute(home) && statSync(home, { throwIfNoEntry: false })?.isDirectory() === true
  if (isThere) return
  const what = isAbsolute(home)
    ? `the home folder ${JSON.stringify(home)} does not exist`
    : 'this user has no home folder'
  throw new Failure(
    exitCodes.usage,
    `${what}, so there is no default lock file: name a store with --store or HOLDFAST_STORE (such as ${SHARED_EXAMPLE}), ` +
      'or a folder for the file with XDG_STATE_HOME',
  )
}

function homeOf(): string {
  try {
    return homedir()
  } catch {
    return ''
  }
}
