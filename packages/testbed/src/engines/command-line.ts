/** The command line of `npm run engines`. */
import { readCommandLine, UsageError, wholeNumber } from '../command-line.ts'
import type { Driver, Shape, ShapeRequest } from './driver.ts'
import { drivers } from './drivers.ts'

export interface Order {
  readonly driver: Driver
  readonly shape: Shape
  readonly request: ShapeRequest
  readonly json: boolean
}

const REPLICAS_MAX = 2

const options = { json: 'flag', proxy: 'flag', newer: 'flag', disk: 'flag', replicas: 'text' } as const
/** Each driver knows its own. */
const shapeFlags: Readonly<Record<string, 'flag'>> = Object.fromEntries(
  drivers.flatMap(({ shapes }) => Object.keys(shapes).map((name) => [name, 'flag'])),
)

export const helpText: string = `Usage: npm run engines -- ENGINE [COUNT] [options]

Starts real servers on free ports of 127.0.0.1 with data in temporary folders, prints their URLs and keeps them running
until Ctrl-C. Everything is gone afterwards. An engine that is not installed is installed from this machine's own
packages where that is possible.

${drivers.map(describe).join('\n')}

  --replicas N     copies of each master, where there are masters (0 to ${REPLICAS_MAX})
  --proxy          a proxy before every server; the printed URLs go through it
  --newer          a later version: out of a later suite of Debian, or out of a package of npm
  --disk           data in the temporary folder of the disk instead of /dev/shm
  --json           one JSON object per line on standard output (use npm run -s)
  --help           this text

While they run, type (or pipe in): ACTION SERVER, where SERVER is its number or "all"
  stop, kill, restart, pause, resume, wipe, log, status
  and with --proxy: pass, delay MS [JITTER_MS] (as "delay 2 50 20"), hold, cut, black-hole, lose-replies, lose-requests

Exit code: 0 after Ctrl-C, 1 when a server did not start or the engine cannot be had, 2 for a wrong command line.
`

/** Undefined when help was asked for. */
export function readOrder(argv: readonly string[]): Order | undefined {
  const { values, isHelpAsked, words } = readCommandLine(argv, { ...options, ...shapeFlags })
  if (isHelpAsked) return undefined
  const [name, count, ...rest] = words
  const driver = drivers.find(({ engineName }) => engineName === name)
  if (driver === undefined) {
    const known = drivers.map(({ engineName }) => engineName).join(', ')
    throw new UsageError(
      `${name === undefined ? 'no engine named' : `unknown engine ${JSON.stringify(name)}`}; known: ${known}`,
    )
  }
  if (rest.length > 0) throw new UsageError(`too many words: ${rest.join(' ')}`)
  const shape = chosenShape(driver, values)
  return {
    driver,
    shape,
    json: values.json === true,
    request: {
      release: values.newer === true ? 'newer' : 'stable',
      storage: values.disk === true ? 'disk' : 'memory',
      proxied: values.proxy === true,
      ...optional('count', whole('COUNT', count, shape.counts)),
      ...optional('replicas', whole('--replicas', values.replicas, { min: 0, max: REPLICAS_MAX })),
    },
  }
}

function chosenShape(driver: Driver, values: Readonly<Record<string, string | true | undefined>>): Shape {
  const every = new Set(drivers.flatMap(({ shapes }) => Object.keys(shapes)))
  const asked = [...every].filter((name) => values[name] === true)
  if (asked.length > 1) throw new UsageError(`one of ${asked.map((name) => `--${name}`).join(', ')}, not both`)
  const name = asked[0] ?? 'single'
  const shape = driver.shapes[name]
  if (shape === undefined) throw new UsageError(`${driver.engineName} has no --${name}`)
  if (values['replicas'] !== undefined && !shape.hasReplicas) {
    throw new UsageError(`--replicas means nothing with --${name}`)
  }
  return shape
}

function whole(name: string, text: string | undefined, limits: { min: number; max: number }): number | undefined {
  return text === undefined ? undefined : wholeNumber(name, text, limits)
}

function optional<Key extends string>(key: Key, value: number | undefined): { [K in Key]?: number } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]?: number })
}

function describe({ engineName, shapes }: Driver): string {
  const lines = Object.entries(shapes).map(([name, { about }]) => {
    const flag = name === 'single' ? '' : `--${name}`
    return `  ${`${engineName} [COUNT] ${flag}`.padEnd(27)}${about}`
  })
  return lines.join('\n')
}
