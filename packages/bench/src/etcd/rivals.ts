/** Other ways to lock in etcd under the same crowd: its own Go package, and etcd3. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { installCompetitors } from '@holdfast/testbed/competitors'
import { type Figure, type Settings, type Suite, SuiteSkipped } from '../figure.ts'
import { inFolder } from '../folder.ts'
import { quorumHandOffOf } from '../quorum/hand-off.ts'
import { programHandOff } from '../quorum/program.ts'
import { withCluster } from './cluster.ts'
import { etcdEngine } from './engine.ts'

const WAITERS = 32
const HOLD_MS = 1
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
      ...(await quorumHandOffOf(etcdEngine, 'holdfast', WAITERS, settings)),
      ...(await goHandOff(settings)),
      ...(await quorumHandOffOf(etcdEngine, 'etcd3', WAITERS, settings)),
    ]
  },
}

async function goHandOff(settings: Settings): Promise<readonly Figure[]> {
  return await inFolder(async (folder) => {
    const program = join(folder, 'concurrency')
    const env = { ...process.env, GOPATH: GO_PATH, GO111MODULE: 'off', GOCACHE: join(folder, 'cache'), GOFLAGS: '-p=1' }
    await run('go', ['build', '-o', program, SOURCE], { env })
    return await withCluster(({ url }) => {
      const crowd = { hosts: url.replace('etcd://', ''), waiters: WAITERS, holdMs: HOLD_MS }
      return programHandOff('Go concurrency', [program], crowd, settings)
    })
  })
}
