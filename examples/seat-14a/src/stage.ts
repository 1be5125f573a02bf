/**
 * Plays one act: opens the shop, starts the card company and the buyers' processes, lets all of them in at the same
 * moment, stops one of them where it says it is, and lets it go on once another one has written a ticket.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { byTime, type HistoryEvent, Recorder } from '@holdfast/testbed/history'
import { type Act, CONDUCTOR, SEAT, SEAT_KEY, SHOP } from './acts.ts'
import type { ChildProcesses, ChildProcess } from '@holdfast/testbed/child-processes'
import { cuesOf } from './cues.ts'
import type { Pace } from './pace.ts'
import { createShop, type Ticket, ticketsOf } from './shop.ts'
import type { WorkerOrder } from './worker.ts'

export interface Settings {
  readonly buyers: number
  readonly processes: number
  /** One buyer comes this long after the other. */
  readonly arrivalMs: number
  /** An act that takes longer than this hangs, and so does a wait for the lock. */
  readonly limitMs: number
}

export interface Performance {
  readonly crew: ChildProcesses
  readonly folder: string
  readonly settings: Settings
  readonly pace: Pace
  /** Each event the moment it is known; events of different processes may come out of order. */
  readonly onEvent: (event: HistoryEvent) => void
}

export async function play(act: Act, stage: Performance): Promise<HistoryEvent[]> {
  const folder = join(stage.folder, `act-${act.number}`)
  mkdirSync(folder)
  const shopPath = join(folder, 'shop.db')
  createShop(shopPath, SEAT)
  const events: HistoryEvent[] = []
  const keep = (event: HistoryEvent): void => {
    events.push(event)
    stage.onEvent(event)
  }
  const conductor = new Recorder(CONDUCTOR, keep)
  const bank = await startBank(stage, keep)
  const orders = ordersOf(act, stage, { shopPath, locksPath: join(folder, 'locks.db'), bankUrl: bank.url })
  const ready = Promise.withResolvers<void>()
  const cues = cuesOf(act, conductor)
  let waiting = orders.length
  const workers = orders.map((order) =>
    stage.crew.start(order.process, new URL('worker.js', import.meta.url), JSON.stringify(order), (event, from) => {
      if (event.f === 'ready') {
        if (--waiting === 0) ready.resolve()
        return
      }
      keep(event)
      cues(event, from)
    }),
  )
  const played = Promise.all(workers.map(endedWell))
  await within(
    stage.settings.limitMs,
    act,
    (async () => {
      await Promise.race([ready.promise, played])
      conductor.signal('doors-open', SEAT_KEY)
      for (const worker of workers) worker.goOn()
      await played
    })(),
  )
  bank.member.kill()
  await bank.member.ended
  return byTime([...events, ...commitsOf(ticketsOf(shopPath, SEAT))])
}

async function startBank(
  stage: Performance,
  keep: (event: HistoryEvent) => void,
): Promise<{ url: string; member: ChildProcess }> {
  const listening = Promise.withResolvers<string>()
  const member = stage.crew.start(
    'card company',
    new URL('bank.js', import.meta.url),
    String(stage.pace.chargeMs),
    (event) => {
      if (event.f === 'listening') listening.resolve(String(event.in?.['url']))
      else keep(event)
    },
  )
  void member.ended.then(({ code, lastWords }) =>
    listening.reject(new Error(`the card company did not start (${code}): ${lastWords}`)),
  )
  return { url: await listening.promise, member }
}

/** Buyers come to the processes in turn, so that the next in line is in another process than the one who holds the lock. */
function ordersOf(
  act: Act,
  { settings, pace }: Performance,
  places: Pick<WorkerOrder, 'shopPath' | 'locksPath' | 'bankUrl'>,
): WorkerOrder[] {
  const buyers = Array.from({ length: settings.buyers }, (_, index) => ({
    name: `buyer ${index + 1}`,
    arrivesMs: index * settings.arrivalMs,
  }))
  return Array.from({ length: settings.processes }, (_, index) => ({
    ...places,
    process: `process ${String.fromCodePoint(65 + index)}`,
    way: act.way,
    ttlMs: pace.ttlMs,
    waitMs: settings.limitMs,
    buyers: buyers.filter((_buyer, place) => place % settings.processes === index),
  }))
}

async function endedWell(worker: ChildProcess): Promise<void> {
  const { code, lastWords } = await worker.ended
  if (code !== 0) throw new Error(`${worker.name} ended with ${code}. ${lastWords}`.trim())
}

async function within(limitMs: number, act: Act, work: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`${act.title} did not end within ${limitMs / 1000} s`)), limitMs)
  try {
    await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** The resource's own record of what it accepted, in its own order. */
function commitsOf(tickets: readonly Ticket[]): HistoryEvent[] {
  return tickets.map(({ number, buyer, token, t }, i) => {
    const described = { cseq: number, kind: 'write', raises: true, buyer, text: `ticket ${number} for ${buyer}` }
    const detail = token === '' ? described : { ...described, token }
    return { i, t, p: SHOP, e: 'sig', op: i, f: 'commit', k: SEAT_KEY, in: detail }
  })
}
