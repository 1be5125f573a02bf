/** One process of a replay: does exactly what it is told, one step after the other, and writes the history of it. */
import { createInterface } from 'node:readline'
import type { Fenced } from 'holdfast'
import { EventLog } from '../traffic/event-log.ts'
import type { Grant } from '../traffic/contender.ts'
import { openContender } from '../traffic/open-contender.ts'
import { mutexForm, type Order } from '../traffic/order.ts'
import { patiently, Resource } from '../traffic/resource.ts'
import { type Answer, SEAT, type Step } from './steps.ts'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const order = await nextLine<Order>()
const log = new EventLog(order.process, order.historyPath)
const resource = new Resource(order.resourcePath, order)
const contender = await openContender(order.lock, { ...order, notes: log.notes })
const form = mutexForm(SEAT)
let grant: Grant | undefined
let base = 0
log.announce('ready')
for (;;) {
  const step = await nextLine<Step>()
  log.announce('answer', { ...(await answerOf(step)) })
  if (step.do === 'end') break
}
await contender.close()
resource.close()
process.exit(0)

async function answerOf(step: Step): Promise<Answer> {
  try {
    return { ok: true, text: await perform(step) }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'THROWN'
    return { ok: false, text: code }
  }
}

async function perform(step: Step): Promise<string> {
  const { recorder } = log
  switch (step.do) {
    case 'acquire':
      return acquire(step.waitMs)
    case 'crowd':
      return crowd(step.of, step.waitMs)
    case 'enter':
      return called('enter', {}, () => resource.enter(holder()))
    case 'read':
      base = await patiently(() => resource.versionOf(form.k))
      return String(base)
    case 'arm':
      log.arm(step.point)
      return step.point
    case 'write': {
      const element = `${order.process}-${holder().token}`
      return called('write', { element }, () => resource.write(holder(), base, element))
    }
    case 'is-held':
      return String(grant?.isHeld() ?? false)
    case 'release': {
      const releasing = recorder.call('release', form.k, { token: String(holder().token) })
      const outcome = (await grant?.release()) ?? 'nothing to release'
      releasing.ok({ outcome })
      return outcome
    }
    case 'end':
      return 'bye'
  }
}

async function acquire(waitMs: number): Promise<string> {
  grant = await acquired(waitMs)
  return String(grant.token)
}

/** One of several in this process has a name of its own in the history. */
async function acquired(waitMs: number, one?: string): Promise<Grant> {
  const { k, mode, weight, capacity } = form
  const acquiring = log.recorder.call('acquire', k, { mode, weight, capacity }, one)
  try {
    const own = await contender.acquire(form, waitMs)
    log.granted(acquiring, k, own)
    return own
  } catch (error) {
    acquiring.fail(error)
    throw error
  }
}

async function crowd(of: number, waitMs: number): Promise<string> {
  const turns = Array.from({ length: of }, async (_, index) => {
    const one = String(index)
    const own = await acquired(waitMs, one)
    const releasing = log.recorder.call('release', form.k, { token: String(own.token) }, one)
    releasing.ok({ outcome: await own.release() })
  })
  const outcomes = await Promise.allSettled(turns)
  return String(outcomes.filter(({ status }) => status === 'fulfilled').length)
}

/** The lease is asked when the call is sent; the process may stop itself before it arrives. */
async function called(
  f: 'enter' | 'write',
  detail: Readonly<Record<string, string>>,
  arrive: () => void,
): Promise<string> {
  const sentNs = process.hrtime.bigint()
  if (grant?.isHeld() !== true) throw Object.assign(new Error('the lease is over'), { code: 'NOT_HELD' })
  const input = { token: String(holder().token), ...detail }
  const calling = log.recorder.call(f, form.k, input, undefined, sentNs)
  log.reach(`between-check-and-${f}`)
  try {
    await patiently(arrive)
    calling.ok()
    return 'admitted'
  } catch (error) {
    calling.fail(error)
    throw error
  }
}

function holder(): Fenced {
  if (grant === undefined) throw new Error('nothing was granted yet')
  return { namespace: order.namespace, name: form.k, mode: form.mode, token: grant.token, assertHeld: () => undefined }
}

async function nextLine<T>(): Promise<T> {
  const line = await lines.next()
  // The driver is gone.
  if (line.done === true) process.exit(1)
  return JSON.parse(line.value) as T
}
