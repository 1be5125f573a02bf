/** What a program pays before its first lock: loading the library and a store, and a whole `holdfast run`. */
import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Figure, roundsOf, type Suite } from './figure.ts'
import { inFolder } from './folder.ts'
import { median } from './statistics.ts'

const ROUNDS = 15
const RUN_CPU_SECONDS = { atMost: 0.25 }
const IMPORT_MS = { atMost: 40 }
const BYTES_A_MIB = 1024 ** 2
const STORES = ['memory', 'sqlite', 'redis', 'postgres', 'mysql', 'etcd', 'zookeeper', 'dynamodb', 'nats'] as const

/** Printed by a process of its own: ms and bytes from before the first import to after the last one. */
const MEASURED_IMPORT = `
const [startedMs, before] = [performance.now(), process.memoryUsage().rss]
await import('holdfast')
await import(process.argv[1])
console.log(JSON.stringify([performance.now() - startedMs, process.memoryUsage().rss - before]))`

const run = promisify(execFile)

export const start: Suite = {
  name: 'start',
  about: 'import of holdfast and one store, ms and memory; and the CPU of holdfast run -- true over a SQLite file',
  async run(settings) {
    const rounds = roundsOf(ROUNDS, settings)
    const figures: Figure[] = []
    for (const store of STORES) figures.push(...(await importOf(store, rounds)))
    return [...figures, await commandOf(rounds)]
  },
}

async function importOf(store: string, rounds: number): Promise<readonly Figure[]> {
  const measured: (readonly [number, number])[] = []
  for (let round = 0; round < rounds; round += 1) {
    const options = ['--input-type=module', '--eval', MEASURED_IMPORT, `holdfast/${store}`]
    const { stdout } = await run(process.execPath, options, { cwd: import.meta.dirname })
    measured.push(JSON.parse(stdout) as [number, number])
  }
  const what = `import of holdfast and holdfast/${store}`
  return [
    { what: `${what}: time`, unit: 'ms', value: median(measured.map(([ms]) => ms)), target: IMPORT_MS },
    { what: `${what}: memory`, unit: 'MiB', value: median(measured.map(([, bytes]) => bytes)) / BYTES_A_MIB },
  ]
}

/** Of the command and everything that it starts: the shell tells what its children used. */
async function commandOf(rounds: number): Promise<Figure> {
  return await inFolder(async (folder) => {
    const command = createRequire(import.meta.url).resolve('@holdfast/cli/bin')
    const seconds: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      const script = '"$1" "$2" run name --store "$3" -- true; times'
      const store = `sqlite:${join(folder, 'locks.db')}`
      const { stdout } = await run('sh', ['-c', script, 'sh', process.execPath, command, store])
      seconds.push(childSecondsIn(stdout))
    }
    return { what: 'holdfast run -- true: CPU', unit: 's', value: median(seconds), target: RUN_CPU_SECONDS }
  })
}

/** The last line that `times` prints: user and system time of the children, as `0m0.210s 0m0.040s`. */
function childSecondsIn(printed: string): number {
  const times =
    printed
      .trim()
      .split('\n')
      .at(-1)
      ?.matchAll(/(\d+)m([\d.]+)s/g) ?? []
  return [...times].reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0)
}
