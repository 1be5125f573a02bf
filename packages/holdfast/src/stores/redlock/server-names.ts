/**
 * What servers are called. All clients have to call them alike, because the list of names is what is compared; so it is the
 * address, as far as that can be told, or what the caller says.
 */
import { Misuse } from '../../store/errors.ts'

const PORT_DEFAULT = 6379
/** No blank and no comma, which separate names. */
const NAME = /^[\x21-\x2b\x2d-\x7e]{1,100}$/

export function checkedNames(names: readonly string[], count: number): readonly string[] {
  const isList: boolean = Array.isArray(names)
  if (!isList || names.length !== count || names.some((name) => !NAME.test(name))) {
    throw new Misuse(
      `names must be ${count} texts, one for each server in the same order, each of 1 to 100 ASCII characters without blank and comma`,
    )
  }
  return names
}

export function nameOfAddress(host: string, port: number | undefined, database: number | undefined): string {
  const place = host.includes(':') ? `[${host}]` : host
  return `${place}:${port ?? PORT_DEFAULT}${database === undefined || database === 0 ? '' : `/${database}`}`
}

/** ioredis and node-redis know where they connect to. */
export function nameOfClient(client: object): string | undefined {
  const options = field(client, 'options')
  if (typeof options !== 'object' || options === null) return undefined
  const socket = field(options, 'socket') ?? options
  const path = field(socket, 'path')
  const database = field(options, 'db') ?? field(options, 'database')
  const [host, port] = [field(socket, 'host'), field(socket, 'port')]
  if (typeof path === 'string') return path
  // Both connect to this machine when they are told nothing.
  if (host !== undefined && typeof host !== 'string') return undefined
  return nameOfAddress(host ?? 'localhost', asNumber(port), asNumber(database))
}

function field(object: unknown, name: string): unknown {
  return typeof object === 'object' && object !== null && name in object
    ? (object as Readonly<Record<string, unknown>>)[name]
    : undefined
}

function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
