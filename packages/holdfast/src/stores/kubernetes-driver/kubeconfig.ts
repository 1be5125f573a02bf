/** A kubeconfig: which cluster a context means, and how its user logs in. */
import { dirname, resolve } from 'node:path'
import { StoreUnavailable } from '../../store/errors.ts'
import type { KubernetesAccess } from './access.ts'
import { loginProgramOf } from './login-program.ts'
import { type Fields, parseYaml } from './yaml.ts'

type UserLogin = {
  readonly [Field in 'certificate' | 'key' | 'token' | 'tokenFile' | 'program']?: KubernetesAccess[Field] | undefined
}
type ReadText = (path: string) => Promise<string>

const ASK_KUBECTL = 'kubectl config view --raw --minify -o json writes it as JSON'

/** `context`: the current one of the file, unless another is named. */
export async function kubeconfigAccess(
  path: string,
  context: string | undefined,
  read: ReadText,
  namespaceDefault: string,
): Promise<KubernetesAccess> {
  const config = parsed(await read(path), path)
  const name = context ?? textOf(config, 'current-context')
  if (name === undefined) throw refused(path, 'has no current context: name one (context)')
  const named = fieldsOf(entryOf(config, 'contexts', name, path), 'context')
  const cluster = fieldsOf(entryOf(config, 'clusters', textOf(named, 'cluster'), path), 'cluster')
  const userName = textOf(named, 'user')
  const user = userName === undefined ? {} : fieldsOf(entryOf(config, 'users', userName, path), 'user')
  const server = textOf(cluster, 'server')
  if (server === undefined || !/^https?:\/\/[^/\s]/.test(server)) throw refused(path, 'names no server of its cluster')
  if (textOf(cluster, 'proxy-url') !== undefined)
    throw refused(path, 'names a proxy (proxy-url), which is not used here')
  const pem = (fields: Fields, field: string): Promise<string | undefined> => pemOf(fields, field, path, read)
  return compact({
    server: server.replace(/\/+$/, ''),
    namespace: textOf(named, 'namespace') ?? namespaceDefault,
    authority: await pem(cluster, 'certificate-authority'),
    serverName: textOf(cluster, 'tls-server-name'),
    acceptsAnyCertificate: isTrue(cluster['insecure-skip-tls-verify']) ? true : undefined,
    ...(await loginOf(user, cluster, path, pem)),
  })
}

async function loginOf(
  user: Fields,
  cluster: Fields,
  path: string,
  pem: (fields: Fields, field: string) => Promise<string | undefined>,
): Promise<UserLogin> {
  const file = textOf(user, 'tokenFile')
  const login = {
    certificate: await pem(user, 'client-certificate'),
    key: await pem(user, 'client-key'),
    token: textOf(user, 'token'),
    tokenFile: file === undefined ? undefined : besides(path, file),
  }
  const isLogin = Object.values(login).some((each) => each !== undefined)
  if (isLogin) return login
  const exec = user['exec']
  if (exec === undefined && user['auth-provider'] !== undefined) {
    throw refused(path, 'logs in as kubectl no longer does (auth-provider): give its user a program (exec) or a token')
  }
  if (!isFields(exec)) return login
  const program = loginProgramOf(exec, cluster, path)
  if (typeof program === 'string') throw refused(path, program)
  return { program }
}

function parsed(text: string, path: string): Fields {
  try {
    const config = parseYaml(text)
    if (isFields(config)) return config
  } catch (error) {
    // A parser of JSON would repeat the text.
    const where = error instanceof Error && /^line \d+ /.test(error.message) ? `: ${error.message}` : ''
    throw refused(path, `is not understood${where}. ${ASK_KUBECTL}`)
  }
  throw refused(path, `is no kubeconfig. ${ASK_KUBECTL}`)
}

function entryOf(config: Fields, list: string, name: string | undefined, path: string): Fields {
  const entries = config[list]
  const found: unknown = Array.isArray(entries)
    ? entries.find((entry: unknown) => isFields(entry) && entry['name'] === name)
    : undefined
  if (!isFields(found)) throw refused(path, `has no ${list.slice(0, -1)} of the name ${name ?? 'that it names'}`)
  return found
}

async function pemOf(fields: Fields, field: string, path: string, read: ReadText): Promise<string | undefined> {
  const data = textOf(fields, `${field}-data`)
  if (data !== undefined) return Buffer.from(data, 'base64').toString()
  const file = textOf(fields, field)
  return file === undefined ? undefined : await read(besides(path, file))
}

/** Files of a kubeconfig are named from where it stands itself. */
function besides(path: string, file: string): string {
  return resolve(dirname(path), file)
}

function compact(access: {
  readonly [Field in keyof KubernetesAccess]: KubernetesAccess[Field] | undefined
}): KubernetesAccess {
  return Object.fromEntries(
    Object.entries(access).filter(([, value]) => value !== undefined),
  ) as unknown as KubernetesAccess
}

function textOf(fields: Fields, field: string): string | undefined {
  const text = fields[field]
  return typeof text === 'string' && text !== '' ? text : undefined
}

function fieldsOf(fields: Fields, field: string): Fields {
  const found = fields[field]
  return isFields(found) ? found : {}
}

function isTrue(value: unknown): boolean {
  return value === true || value === 'true'
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refused(path: string, what: string): StoreUnavailable {
  return new StoreUnavailable(`opening: the kubeconfig ${path} ${what}`, { isFinal: true })
}
