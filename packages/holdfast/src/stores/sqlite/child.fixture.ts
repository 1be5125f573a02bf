/** Another process with an open store, which does what it is told over IPC: run by `processes.fixture.ts`. */
import { cpSync } from 'node:fs'
import { dirname } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { systemClock } from '../../time/clock.ts'
import type { Ref } from '../../store/claim.ts'
import type { OpenStore } from '../../store/store.ts'
import { askingAgain } from '../../testing/ask-again.ts'
import { environment, never } from '../opened.fixture.ts'
import { sqlite } from './index.ts'

export interface Order {
  readonly id: number
  readonly method: 'open' | 'enter' | 'leave' | 'renew' | 'watch' | 'look' | 'copy' | 'end' | 'close'
  readonly arguments: readonly unknown[]
}

export type Answer =
  | { readonly id: number; readonly value: unknown; readonly atMs: number }
  | { readonly id: number; readonly code: string; readonly message: string }

const [path = '', uid, gid = uid] = process.argv.slice(2)
// Only now, with everything loaded: the sources may lie where another user cannot read them.
if (uid !== undefined) becomeUser(Number(uid), Number(gid))

// Eight processes that open one new file meet at its lock: core repeats what was not applied, and so does this.
const store = askingAgain(sqlite({ path }))
let open: OpenStore | undefined

process.on('message', (order: Order) => {
  carryOut(order).then(
    (value) => answer({ id: order.id, value, atMs: systemClock.monotonicMs() }),
    (error: unknown) => {
      const { code = '', message = String(error) } = error instanceof Error ? (error as Error & { code?: string }) : {}
      answer({ id: order.id, code, message })
    },
  )
})

async function carryOut({ method, arguments: given }: Order): Promise<unknown> {
  if (method === 'open') {
    open = await store.open(environment())
    return undefined
  }
  if (method === 'copy') return cpSync(dirname(path), String(given[0]), { recursive: true })
  // Without closing the store: nothing keeps the process alive any more.
  if (method === 'end') {
    collectGarbage()
    return void setImmediate(() => process.disconnect())
  }
  if (open === undefined) throw new Error('the store is not open')
  if (method === 'watch') return open.watch(given[0] as Ref, never)
  const call = open[method].bind(open) as (...values: readonly unknown[]) => Promise<unknown>
  return call(...given)
}

/** As in a process that has run for a while: what only garbage holds does not last. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect !== 'function') throw new Error('this Node cannot be told to collect garbage')
  collect()
}

function becomeUser(user: number, group: number): void {
  process.setgroups?.([])
  process.setgid?.(group)
  process.setuid?.(user)
}

function answer(message: Answer): void {
  process.send?.(message)
}
