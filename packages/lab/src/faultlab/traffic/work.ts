/** The loop of every client: acquire a lock, work on what it guards, release it, and repeat. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Fenced } from 'holdfast'
import type { Random } from '@holdfast/testbed/random'
import type { Contender, Form, Grant } from './contender.ts'
import type { EventLog } from './event-log.ts'
import { MUTEXES, mutexForm, type Order, permitForm, POOL, readerForm, writerForm } from './order.ts'
import type { ProtectedResource } from './protected-resource.ts'
import { isNotDone } from './open-protected-resource.ts'

export interface Desk {
  readonly order: Order
  readonly contender: Contender
  readonly log: EventLog
  readonly resource: ProtectedResource
  readonly random: Random
  /** Who inside the process. */
  readonly c: string
  /** Set when the run ends: every client finishes what it does. */
  readonly day: { over: boolean }
}

/** In leases: longer than most pauses, so that most waits end with a grant. */
export const WAIT_TTLS = 6
/** Much of the work is shorter than a lease, some is longer. */
const WORK_TTLS: readonly [number, ...number[]] = [0.01, 0.02, 0.05, 0.1, 0.3, 1.2]
const IDLE_TTLS = 0.05

export async function workAllDay(desk: Desk): Promise<void> {
  const { order, random, day } = desk
  while (!day.over) {
    await sleep(random.between(0, order.ttlMs * IDLE_TTLS))
    await turn(desk, order.mutexesOnly === true ? mutexForm(random.pick(MUTEXES)) : drawForm(random))
  }
}

function drawForm(random: Random): Form {
  const act = random.next()
  if (act < 0.6) return mutexForm(random.pick(MUTEXES))
  if (act < 0.75) return permitForm(random.pick([1, 1, 2, 3]))
  return act < 0.9 ? readerForm : writerForm
}

async function turn(desk: Desk, form: Form): Promise<void> {
  const { order, contender, log, c } = desk
  const { k, mode, weight, capacity } = form
  const acquiring = log.recorder.call('acquire', k, { mode, weight, capacity }, c)
  let grant: Grant
  try {
    grant = await contender.acquire(form, order.ttlMs * WAIT_TTLS)
  } catch (error) {
    acquiring.fail(error)
    return
  }
  if (log.granted(acquiring, k, grant)) {
    log.reach('after-grant')
    await workUnder(desk, form, grant)
  }
  log.reach('before-release')
  const releasing = log.recorder.call('release', k, { token: String(grant.token) }, c)
  releasing.ok({ outcome: await grant.release() })
}

function workUnder(desk: Desk, form: Form, grant: Grant): Promise<void> {
  if (form.k === POOL) return sleep(workMs(desk.order, desk.random))
  return form.mode === 'shared' ? readUnder(desk, form, grant) : writeUnder(desk, form, grant)
}

/** Enter, read, work, write: the value is lost if any of this happens under another client's lock. */
async function writeUnder(desk: Desk, form: Form, grant: Grant): Promise<void> {
  const { order, random, resource } = desk
  const holder = holderOf(order, form, grant)
  if (!(await guarded(desk, form, grant, { f: 'enter', arrive: () => resource.enter(holder) }))) return
  const base = await resource.versionOf(form.k)
  await sleep(workMs(order, random))
  const element = `${order.process}-${grant.token}`
  const write = { f: 'write', arrive: () => resource.write(holder, base, element), detail: { element } } as const
  await guarded(desk, form, grant, write)
}

async function readUnder(desk: Desk, form: Form, grant: Grant): Promise<void> {
  const { order, random, resource } = desk
  const holder = holderOf(order, form, grant)
  await guarded(desk, form, grant, { f: 'read', arrive: () => resource.checkedRead(holder) })
  await sleep(workMs(order, random))
}

interface GuardedCall {
  readonly f: 'enter' | 'read' | 'write'
  readonly arrive: () => Promise<unknown>
  readonly detail?: Readonly<Record<string, string>>
}

/**
 * The lease is asked when the call is sent, the token when it arrives. The call carries the moment just before the
 * question, so that a stop between the two lines is not taken for a late call.
 */
async function guarded(desk: Desk, form: Form, grant: Grant, call: GuardedCall): Promise<boolean> {
  const { log, c } = desk
  const { f, arrive, detail = {} } = call
  const sentNs = process.hrtime.bigint()
  if (!grant.isHeld()) return false
  const calling = log.recorder.call(f, form.k, { token: String(grant.token), ...detail }, c, sentNs)
  if (f !== 'read') log.reach(`between-check-and-${f}`)
  try {
    await arrive()
    calling.ok()
    return true
  } catch (error) {
    if (isNotDone(error)) calling.fail(error)
    else calling.info()
    return false
  }
}

/** Nothing but the token: tests the resource's answer to a holder that no longer looks at its clock. */
function holderOf({ namespace }: Order, { k, mode }: Form, { token }: Grant): Fenced {
  return { namespace, name: k, mode, token, assertHeld: () => undefined }
}

function workMs({ ttlMs }: Order, random: Random): number {
  return random.between(0, ttlMs * random.pick(WORK_TTLS))
}
