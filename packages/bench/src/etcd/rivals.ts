/** Other ways to lock in etcd under the same crowd: its own Go package, and etcd3. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { installCompetitors } from '@holdfast/testbed/competitors'
import { type Figure, type Settings, type Suite, SuiteSkipped } from '../figure.ts'
import { inFolder } from '../folder.ts'
import { jain, median } from '../statistics.ts'
import { withCluster } from './cluster.ts'
import { etcdHandOffOf } from './hand-off.ts'

const WAITERS = 32
const HOLD_MS = 1
const QUICK_SECONDS = 1
/** Where Debian's golang-etcd-server-dev puts what the program imports. */
const GO_PATH = '/usr/share/gocode'
const SOURCE = fileURLToPath(new URL('../../src/etcd/concurrency.go', import.meta.url))
const run = promisify(execFile)

export const etcdRivals: Suite = {
  name: 'etcd-rivals',
  group: 'etcd',
  about: `etcd of three members, ${WAITERS} waiters that take turns, hold ${HOLD_MS} ms: Holdfast, the Mutex of etcd's own Go package, and etcd3, which asks again every 10 ms`,
  async run(settings) {
    const missing = await installCompetitors()
    if (missing !== undefined) throw new SuiteSkipped(missing)
    if (!existsSync(join(GO_PATH, 'src/go.etcd.io/etcd/clientv3'))) {
      throw new SuiteSkipped('the Go program needs the packages golang-go and golang-etcd-server-dev of Debian')
    }
    return [
      ...(await etcdHandOffOf('holdfast', WAITERS, settings)),
      ...(await goHandOff(settings)),
      ...(await etcdHandOffOf('etcd3', WAITERS, settings)),
    ]
  },
}

interface Counted {
  readonly turns: readonly number[]
  readonly gapsUs: readonly number[]
}

async function goHandOff({ quick, seconds }: Settings): Promise<readonly Figure[]> {
  const lastS = quick ? QUICK_SECONDS : seconds
  return await inFolder(async (folder) => {
    const program = join(folder, 'concurrency')
    const env = { ...process.env, GOPATH: GO_PATH, GO111MODULE: 'off', GOCACHE: join(folder, 'cache'), GOFLAGS: '-p=1' }
    await run('go', ['build', '-o', program, SOURCE], { env })
    return await withCluster(async ({ url }) => {
      const args = [url.replace('etcd://', ''), WAITERS, HOLD_MS, lastS].map(String)
      const { stdout } = await run(program, args, { maxBuffer: 2 ** 26 })
      const { turns, gapsUs } = JSON.parse(stdout) as Counted
      const where = `${WAITERS} waiters, Go concurrency`
      const holds = turns.reduce((sum, each) => sum + each, 0)
      return [
        { what: `${where}: hand-offs per second`, unit: '/s', value: holds / lastS },
        { what: `${where}: fairness (Jain)`, unit: '', value: jain(turns) },
        { what: `${where}: p50`, unit: 'ms', value: median(gapsUs) / 1000 },
      ]
    })
  })
}
