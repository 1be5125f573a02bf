/**
 * A program that a kubeconfig names to log in, as those of EKS, GKE and AKS: it prints an ExecCredential with a token. Its
 * interface is Kubernetes' own: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
 */
import { type ExecFileException, execFile } from 'node:child_process'
import { dirname, resolve } from 'node:path'
import { NotApplied, StoreUnavailable } from '../../store/errors.ts'
import { instant } from '../../time/instant.ts'
import type { Fields } from './yaml.ts'

export interface LoginProgram {
  readonly command: string
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly apiVersion: string
  /** What its maker says to people who do not have it. */
  readonly hint: string
  /** What it is told of the cluster, where the kubeconfig says so. */
  readonly cluster: object | undefined
}

export interface ProgramToken {
  readonly token: string
  /** On the wall clock; `undefined` for one that is used until it is refused. */
  readonly endsAtMs: number | undefined
}

const VERSIONS = /^client\.authentication\.k8s\.io\/v1(?:beta1)?$/
/** A person who is asked by another window is not waited for: a lock needs its answers in seconds. */
const RUN_MS_MAX = 10_000
const OUTPUT_BYTES_MAX = 1024 * 1024
const WORDS_LENGTH_MAX = 300

/** `exec` of a user in a kubeconfig; a text for what cannot be run, which goes on the name of the file. */
export function loginProgramOf(exec: Fields, cluster: Fields, path: string): LoginProgram | string {
  const { command, apiVersion, interactiveMode, installHint } = exec
  if (typeof command !== 'string' || command === '') return 'logs in by a program, and does not name it (command)'
  if (typeof apiVersion !== 'string' || !VERSIONS.test(apiVersion)) {
    return `logs in by a program of another interface (apiVersion) than client.authentication.k8s.io/v1: bring ${command} up to date`
  }
  if (interactiveMode === 'Always') {
    return `logs in by ${command}, which asks a person (interactiveMode: Always): give its user a token (kubectl create token)`
  }
  return {
    command: command.includes('/') ? resolve(dirname(path), command) : command,
    args: listOf(exec['args']).filter((arg) => typeof arg === 'string'),
    environment: Object.fromEntries(listOf(exec['env']).flatMap((entry) => pairIn(entry))),
    apiVersion,
    hint: typeof installHint === 'string' ? installHint.trim() : '',
    cluster: exec['provideClusterInfo'] === true || exec['provideClusterInfo'] === 'true' ? cluster : undefined,
  }
}

/** Runs it once. Nothing was sent to the server yet, so nothing was done. */
export async function runLoginProgram(program: LoginProgram, limitMs: number = RUN_MS_MAX): Promise<ProgramToken> {
  const { command, args, environment, apiVersion, cluster } = program
  const info = { apiVersion, kind: 'ExecCredential', spec: { interactive: false, ...(cluster && { cluster }) } }
  const env = { ...process.env, ...environment, KUBERNETES_EXEC_INFO: JSON.stringify(info) }
  const options = {
    env,
    timeout: limitMs,
    killSignal: 'SIGKILL',
    maxBuffer: OUTPUT_BYTES_MAX,
    windowsHide: true,
  } as const
  const printed = await new Promise<string>((resolved, rejected) => {
    const child = execFile(command, [...args], options, (error, stdout, stderr) => {
      if (error === null) resolved(stdout)
      else rejected(failureOf(program, error, stderr, limitMs))
    })
    child.stdin?.end()
  })
  return tokenIn(printed, program)
}

function failureOf({ command, hint }: LoginProgram, error: ExecFileException, stderr: string, limitMs: number): Error {
  const start = `the login program ${command}`
  if (error.code === 'ENOENT' || error.code === 'EACCES') {
    const message = `${start} cannot be run (${error.code})${hint === '' ? ': install it' : `: ${hint}`}`
    return new StoreUnavailable(message, { isFinal: true })
  }
  if (error.killed === true)
    return new NotApplied(`${start} did not end within ${limitMs} ms, or printed more than 1 MiB`)
  const words = stderr.trim().slice(-WORDS_LENGTH_MAX)
  return new NotApplied(
    `${start} ended with ${error.code ?? error.signal ?? 'an error'}${words === '' ? '' : `: ${words}`}`,
  )
}

function tokenIn(printed: string, { command, apiVersion }: LoginProgram): ProgramToken {
  const wrong = (what: string): StoreUnavailable =>
    new StoreUnavailable(`the login program ${command} printed ${what}`, { isFinal: true })
  const credential = fieldsIn(printed)
  if (credential === undefined || credential['kind'] !== 'ExecCredential') throw wrong('no ExecCredential')
  if (credential['apiVersion'] !== apiVersion) {
    throw wrong(`an ExecCredential of ${String(credential['apiVersion'])}, and its kubeconfig says ${apiVersion}`)
  }
  const { status } = credential as { readonly status?: Fields }
  const { token, expirationTimestamp: end } = status ?? {}
  if (typeof token !== 'string' || token === '') {
    throw wrong('no token: a certificate of a program is not used here, give its user a token (kubectl create token)')
  }
  const endsAtMs = typeof end === 'string' ? instant(end).getTime() : undefined
  if (Number.isNaN(endsAtMs)) throw wrong('an end of its token (expirationTimestamp) that is no time')
  return { token, endsAtMs }
}

function fieldsIn(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Fields) : undefined
  } catch {
    // A parser of JSON would repeat the text, and a token may be in it.
    return undefined
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function pairIn(entry: unknown): readonly (readonly [string, string])[] {
  const { name, value } = (entry ?? {}) as Fields
  return typeof name === 'string' && typeof value === 'string' ? [[name, value]] : []
}
