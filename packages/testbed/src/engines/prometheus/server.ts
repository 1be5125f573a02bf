/** One Prometheus on demand that scrapes what it is told, and `promtool`, which checks rules and boards. */
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { run } from '../command.ts'
import type { Program } from '../driver.ts'
import { type Engine, EngineNotAvailable, type Release } from '../engine.ts'
import { locateInstalled } from '../install.ts'
import { reservePort } from '../ports.ts'
import { startServer } from '../server.ts'

export const engineName = 'prometheus'
export const packages: readonly string[] = ['prometheus']

const LOOPBACK = '127.0.0.1'
const ASK_WITHIN_MS = 5_000
const TOOL_WITHIN_MS = 60_000

export async function locate(release: Release = 'stable'): Promise<Program> {
  if (release === 'newer') throw new EngineNotAvailable(engineName, 'only the version of this Debian can be started')
  const version = { args: ['--version'], pattern: /version (\d+(?:\.\d+)+)/ }
  return locateInstalled({ engineName, packages, program: 'prometheus', version })
}

export interface PrometheusOptions {
  /** Places with an address `/metrics`, such as `127.0.0.1:9464`. */
  readonly targets: readonly string[]
  /** Between two scrapes. @default 1 */
  readonly everySeconds?: number
  /** Rules that it evaluates as often. @default none */
  readonly rules?: string
}

export async function start({ targets, everySeconds = 1, rules }: PrometheusOptions): Promise<Engine> {
  const program = await locate()
  const port = await reservePort()
  const url = `http://${LOOPBACK}:${port}`
  const configuration = {
    global: { scrape_interval: `${everySeconds}s`, evaluation_interval: `${everySeconds}s` },
    ...(rules === undefined ? {} : { rule_files: [rules] }),
    scrape_configs: [{ job_name: 'tested', static_configs: [{ targets }] }],
  }
  return startServer({
    name: `${engineName} ${program.version}`,
    label: engineName,
    port,
    url,
    // JSON is YAML.
    fill: (folder) => writeFile(join(folder, 'prometheus.yml'), JSON.stringify(configuration)),
    command: (folder) => [
      ...program.command,
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'series')}`,
      `--web.listen-address=${LOOPBACK}:${port}`,
    ],
    answers: async () => (await fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(ASK_WITHIN_MS) })).ok,
  })
}

/** One series of the answer to a query. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** The value of an expression now; rejects with the words of Prometheus for one that it does not understand. */
export async function query(url: string, expression: string): Promise<readonly Sample[]> {
  const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`, {
    signal: AbortSignal.timeout(ASK_WITHIN_MS),
  })
  const { error, data } = (await answer.json()) as QueryAnswer
  if (data === undefined) throw new Error(`${expression}: ${error ?? answer.status}`)
  return data.result.map(({ metric, value: [, value] }) => ({ labels: metric, value: Number(value) }))
}

interface QueryAnswer {
  readonly error?: string
  readonly data?: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>
      readonly value: readonly [atS: number, value: string]
    }[]
  }
}

/** What `promtool` says; rejects with its complaint. */
export async function promtool(...args: readonly string[]): Promise<string> {
  const [prometheus] = (await locate()).command
  return await run(join(dirname(prometheus), 'promtool'), args, { withinMs: TOOL_WITHIN_MS })
}
