/** What events and diagnostics channels say of an attempt, of a refused write and of a request, and the trace a claim carries. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { fence } from '../guards/sqlite/index.ts'
import type { EventName, LockEvent } from '../lease/events.ts'
import type { GuardEventMap } from '../lease/guard-events.ts'
import { acceptSequencer } from '../lease/sequencer.ts'
import type { Locks } from '../recipes/locks.ts'
import { Misuse, StaleToken } from '../store/errors.ts'
import { world } from './clients.fixture.ts'
import type { StoreRequestEvent } from '../store/request-events.ts'

const WAIT_TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const HOLD_TRACE = '00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01'
const OF_AN_ATTEMPT = ['asked', 'waiting', 'acquired', 'refused', 'renewed', 'jeopardy', 'lost', 'released'] as const

function heardFrom(locks: Locks): (LockEvent & { readonly event: EventName })[] {
  const heard: (LockEvent & { readonly event: EventName })[] = []
  for (const event of OF_AN_ATTEMPT) {
    locks.on(event, ({ namespace, name, mode, attempt }) => void heard.push({ event, namespace, name, mode, attempt }))
  }
  return heard
}

function published<T>(channel: string): T[] {
  const events: T[] = []
  const listener = (event: unknown): void => void events.push(event as T)
  subscribe(channel, listener)
  onTestFinished(() => void unsubscribe(channel, listener))
  return events
}

describe('the events of an attempt', () => {
  test('say namespace, name, mode and a number that is the same from the call to the end of the lease', async () => {
    const { clock, client } = world()
    const { locks } = client({ namespace: 'shop' })
    const heard = heardFrom(locks)
    const lease = await locks.readWrite('seat').read.acquire()
    await clock.advance(4_000)
    await lease.release()
    expect(heard.map(({ event }) => event)).toEqual(['asked', 'acquired', 'renewed', 'released'])
    const [first] = heard
    expect(first).toMatchObject({ namespace: 'shop', name: 'seat', mode: 'shared' })
    for (const { event: _, ...about } of heard) expect({ ...about, event: 'asked' }).toEqual(first)
  })

  test('tell two waits for one name apart', async () => {
    const { clock, client } = world()
    const { locks } = client()
    const holder = await client().locks.acquire('seat')
    const heard = heardFrom(locks)
    const waits = [locks.acquire('seat', { wait: '1s' }), locks.acquire('seat', { wait: '2s' })]
    for (const wait of waits) wait.catch(() => undefined)
    await clock.advance(2_100)
    await holder.release()
    const asked = heard.filter(({ event }) => event === 'asked').map(({ attempt }) => attempt)
    expect(new Set(asked).size).toBe(2)
    expect(heard.filter(({ event }) => event === 'waiting').map(({ attempt }) => attempt)).toEqual(asked)
    expect(heard.filter(({ event }) => event === 'refused').map(({ attempt }) => attempt)).toEqual(asked)
  })

  test('begin inside the call, before anything is sent', async () => {
    const { client } = world()
    const { locks, store } = client()
    await locks.open()
    const before = store.calls
    const sentMeanwhile: number[] = []
    locks.on('asked', () => void sentMeanwhile.push(store.calls - before))
    const asking = locks.acquire('seat')
    expect(sentMeanwhile).toEqual([0])
    await (await asking).release()
  })

  test('say for programs why a lease was lost', async () => {
    const { clock, client } = world()
    const causes: string[] = []
    const losing = (): ReturnType<typeof client> => {
      const made = client()
      made.locks.on('lost', ({ because }) => void causes.push(because))
      return made
    }
    const silent = losing()
    await silent.locks.acquire('a')
    silent.store.freeze()
    await clock.advance(9_100)
    const evicted = losing()
    const { token } = await evicted.locks.acquire('b')
    await evicted.locks.evict('b', { token, reason: 'late' })
    await clock.advance(4_000)
    const closed = losing()
    await closed.locks.acquire('c')
    await closed.locks.close()
    expect(causes).toEqual(['deadline', 'evicted', 'closed'])
  })
})

describe('the trace of a claim', () => {
  test('travels with the ask, and with the first renewal once the lock was granted, beside the note', async () => {
    const { clock, client, line } = world()
    const { locks } = client()
    locks.on('asked', ({ carry }) => carry(WAIT_TRACE))
    locks.on('acquired', ({ carry }) => carry(HOLD_TRACE))
    const lease = await locks.acquire('seat', { note: 'row 1' })
    expect((await line('seat')).claims[0]).toMatchObject({ note: 'row 1', trace: WAIT_TRACE })
    await clock.advance(3_400)
    expect((await line('seat')).claims[0]).toMatchObject({ note: 'row 1', trace: HOLD_TRACE })
    lease.setNote('row 2')
    await clock.advance(200)
    expect((await line('seat')).claims[0]).toMatchObject({ note: 'row 2', trace: HOLD_TRACE })
    await lease.release()
  })

  test('costs no renewal more, and none carries it twice', async () => {
    const { clock, client } = world()
    const notes: (string | undefined)[] = []
    const { locks } = client({}, undefined, (open) => ({
      renew: (renewals) => {
        notes.push(...renewals.map(({ note }) => note))
        return open.renew(renewals)
      },
    }))
    locks.on('acquired', ({ carry }) => carry(HOLD_TRACE))
    const lease = await locks.acquire('seat')
    await clock.advance(2_000)
    expect(notes).toEqual([])
    await clock.advance(8_000)
    expect(notes.map((note) => note !== undefined)).toEqual([true, false, false])
    await lease.release()
  })

  test('is absent where nobody traces, and nothing else can be carried', async () => {
    const { client, line } = world()
    const { locks } = client()
    const errors: unknown[] = []
    locks.on('asked', ({ carry }) => {
      for (const text of ['', 'row 1', `${WAIT_TRACE}0`]) {
        try {
          carry(text)
        } catch (error) {
          errors.push(error)
        }
      }
    })
    const lease = await locks.acquire('seat')
    expect(errors.map((error) => error instanceof Misuse)).toEqual([true, true, true])
    expect((await line('seat')).claims[0]).not.toHaveProperty('trace')
    await lease.release()
  })
})

test('a write that a guard refuses reaches a diagnostics channel, with both tokens', async () => {
  const { client } = world()
  const { locks } = client()
  const [asked, refused] = [
    published<GuardEventMap['asked']>('holdfast:guard:asked'),
    published<GuardEventMap['refused']>('holdfast:guard:refused'),
  ]
  using db = new DatabaseSync(':memory:')
  const guard = fence(db)
  const first = await locks.acquire('seat')
  const late = acceptSequencer(first.sequencer, { namespace: 'default', name: 'seat', mode: 'exclusive' })
  await first.release()
  const second = await locks.acquire('seat')
  guard.enter(second)
  expect(() => guard.run(late, () => undefined)).toThrow(StaleToken)
  const about = { guard: 'sqlite', namespace: 'default', name: 'seat', mode: 'exclusive' }
  expect(asked).toEqual([
    { ...about, token: second.token },
    { ...about, token: late.token },
  ])
  expect(refused).toEqual([{ ...about, token: late.token, needed: second.token }])
  await second.release()
})

test('each request to the store is told when it ends, with how it ended and how long it took', async () => {
  const { clock, client } = world()
  const requests = published<StoreRequestEvent>('holdfast:store:request')
  const { locks } = client({}, (_, method) =>
    method === 'leave' ? { kind: 'lost-reply', silence: 'throws' } : { kind: 'delayed', replyMs: 30 },
  )
  const asking = locks.acquire('seat')
  await clock.advance(100)
  const lease = await asking
  void lease.release()
  await clock.advance(5_500)
  const [enter, leave] = requests
  expect(enter).toMatchObject({ operation: 'enter', outcome: 'ok', facts: { engine: 'memory of this process' } })
  expect(enter?.tookMs).toBe(30)
  expect(leave).toMatchObject({ namespace: 'default', operation: 'leave', outcome: 'unknown' })
})
