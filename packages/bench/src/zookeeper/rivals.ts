/** Other ways to lock in ZooKeeper under the same crowd: the lock of kazoo. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Suite, SuiteSkipped } from '../figure.ts'
import { quorumHandOffOf } from '../quorum/hand-off.ts'
import { programHandOff } from '../quorum/program.ts'
import { zookeeperEngine } from './engine.ts'
import { withEnsemble } from './ensemble.ts'

const WAITERS = 32
const HOLD_MS = 1
/** That of the system, for which Debian's packages are. */
const PYTHON = '/usr/bin/python3'
const SOURCE = fileURLToPath(new URL('../../src/zookeeper/kazoo_crowd.py', import.meta.url))
const run = promisify(execFile)

export const zookeeperRivals: Suite = {
  name: 'zookeeper-rivals',
  group: 'zookeeper',
  about: `ZooKeeper of three servers, ${WAITERS} waiters that take turns, hold ${HOLD_MS} ms: Holdfast, and the lock of kazoo (Python)`,
  async run(settings) {
    const hasKazoo = await run(PYTHON, ['-c', 'import kazoo']).then(
      () => true,
      () => false,
    )
    if (!hasKazoo) throw new SuiteSkipped('the Python program needs the package python3-kazoo of Debian')
    return [
      ...(await quorumHandOffOf(zookeeperEngine, 'holdfast', WAITERS, settings)),
      ...(await withEnsemble(({ url }) => {
        const hosts = url.replace('zookeeper://', '').replace(/\?.*/, '')
        return programHandOff('kazoo', [PYTHON, SOURCE], { hosts, waiters: WAITERS, holdMs: HOLD_MS }, settings)
      })),
    ]
  },
}
