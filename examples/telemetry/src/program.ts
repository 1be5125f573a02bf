/** A program whose locks can be looked at: workers that wait for one another, and one that writes after it lost its lock. */
import { createServer } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { register } from '@holdfast/prometheus'
import { acceptSequencer, holdfast, StaleToken } from 'holdfast'
import { fence } from 'holdfast/guards/sqlite'
import { memory } from 'holdfast/memory'
import { register as registry } from 'prom-client'

const WORKERS = 8
const SEATS = 3

register({ onTrouble: (words) => process.stderr.write(`${words}\n`) })
const locks = holdfast(memory(), { ttl: '3s' })
const guard = fence(new DatabaseSync(':memory:'))
const stopped = new AbortController()

async function worker(): Promise<void> {
  while (!stopped.signal.aborted) {
    const seat = `seat:${Math.floor(Math.random() * SEATS)}`
    await locks.using(seat, { wait: '1m' }, async (lease) => {
      guard.enter(lease)
      await sleep(5 + Math.random() * 40)
    })
  }
}

/** Keeps a token from before, as a process does that was paused in the middle of its work. */
async function lateWriter(): Promise<void> {
  while (!stopped.signal.aborted) {
    const old = await locks.using('seat:0', { wait: '1m' }, ({ sequencer }) => sequencer)
    await locks.using('seat:0', { wait: '1m' }, (lease) => guard.enter(lease))
    try {
      guard.enter(acceptSequencer(old, { namespace: 'default', name: 'seat:0', mode: 'exclusive' }))
    } catch (error) {
      if (!(error instanceof StaleToken)) throw error
    }
    await sleep(500)
  }
}

const server = createServer((_, answer) => {
  void registry.metrics().then((text) => answer.setHeader('content-type', registry.contentType).end(text))
})
server.listen(Number(process.env['PORT'] ?? 9_464), '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/metrics\n`)
})

process.once('SIGTERM', () => stopped.abort())
process.once('SIGINT', () => stopped.abort())
await Promise.all([lateWriter(), ...Array.from({ length: WORKERS }, () => worker())])
server.close()
server.closeAllConnections()
await locks.close()
