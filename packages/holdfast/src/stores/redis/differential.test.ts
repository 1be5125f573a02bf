/**
 * The Lua and the pure transition of core, side by side on the same random operations and the same moments: every
 * answer, every token and the whole line must be equal. The scripts are run with a clock that the test sets.
 */
import fc from 'fast-check'
import type { Redis } from 'ioredis'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { requireEngine } from '../../../../lab/src/engines/require-engine.ts'
import * as server from '../../../../lab/src/engines/redis/server.ts'
import type { Claim } from '../../core/claim.ts'
import { emptyLine, type Line } from '../../core/line.ts'
import { viewOf } from '../../core/line-view.ts'
import type { Standing } from '../../core/store.ts'
import {
  enterLine,
  evictFromLine,
  leaveLine,
  type Moment,
  type Place,
  renewInLine,
  type Step,
} from '../../core/transition.ts'
import { systemClock } from '../../core/clock.ts'
import { portOf, type RedisPort } from '../shared/redis/client.ts'
import { never, Stage } from './redis.fixture.ts'
import { scripts } from './scripts.ts'
import { RedisStore } from './store.ts'

const CLOCK_KEY = 'clock of the test'
const TEST_TIME = `(function()
  local us = tonumber(redis.call('GET', '${CLOCK_KEY}'))
  return { math.floor(us / 1000000), us % 1000000 }
end)()`

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((letter) => letter.repeat(32))
const id = fc.constantFrom(...ids)
const ttlMs = fc.constantFrom(100, 1_000, 5_000)
const token = fc.constantFrom('none' as const, 'right' as const, 'wrong' as const)
const note = fc.constantFrom(undefined, undefined, '', 'news | "of" the day')

const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('enter' as const),
      id,
      weight: fc.nat(4),
      otherCapacity: fc.constantFrom(false, false, false, true),
      ttlMs,
      lockDelayMs: fc.constantFrom(0, 0, 700),
      queue: fc.constantFrom(true, true, true, false),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('renew' as const), id, ttlMs, token, note }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('leave' as const), id, keepMs: fc.constantFrom(0, 0, 900), token }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('evict' as const), id, token }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(1, 99, 100, 450, 3_000, 15_000) }),
  },
)
type Operation = typeof operation extends fc.Arbitrary<infer Each> ? Each : never

const stage = new Stage()
let client: Redis
let store: RedisStore
let runs = 0

/** The real server and the real scripts; only TIME is ours. */
function withTestTime(port: RedisPort): RedisPort {
  const texts = new Map(
    Object.values(scripts).map(({ sha, text }) => [sha, text.replace("redis.call('TIME')", TEST_TIME)]),
  )
  return {
    listen: (hearer) => port.listen(hearer),
    send(words) {
      const [command, sha = '', ...rest] = words
      return port.send(command === 'EVALSHA' ? ['EVAL', texts.get(sha) ?? '', ...rest] : words)
    },
  }
}

beforeEach(async (context) => {
  await requireEngine(context, server)
  const engine = await stage.server()
  client = stage.client(engine)
  const port = withTestTime(portOf(client))
  store = new RedisStore(async () => ({ port, close: () => undefined }), 'holdfast')
  await client.set(CLOCK_KEY, '0')
  await store.open({ clock: systemClock, signal: never })
  stage.ending(() => store.close())
})
afterAll(() => stage[Symbol.asyncDispose]())

class Twins {
  line: Line = emptyLine
  grants = 0
  readonly #resource = `n!r${(runs += 1)}`
  readonly #capacity: number
  #nowUs = BigInt(Date.now()) * 1000n

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  async carryOut(each: Operation): Promise<void> {
    if (each.kind === 'pass') {
      this.#nowUs += BigInt(each.ms) * 1000n
      return
    }
    // Two scripts of a real server never share a microsecond.
    this.#nowUs += 7n
    await client.set(CLOCK_KEY, String(this.#nowUs))
    const now: Moment = { nowMs: Number(this.#nowUs) / 1000, tokenScaleUs: this.#nowUs }
    const { lastToken } = this.line
    const [real, step] = await this.#both(each, now)
    this.line = step.line
    if (this.line.lastToken > lastToken) this.grants += 1
    expect(comparable(real), each.kind).toEqual(comparable(step.answer))
    if (typeof real !== 'string' && real.kind === 'queued' && real.ahead === 0) expect(real.freeInMs).toBeGreaterThan(0)
    const { memo: _, ...view } = await store.look(this.#resource)
    const { memo: __, ...expected } = viewOf(this.#resource, this.line, now, '')
    expect(rounded(view)).toEqual(rounded(expected))
  }

  async #both(
    each: Exclude<Operation, { kind: 'pass' }>,
    now: Moment,
  ): Promise<readonly [Standing | string, Step<Place | string>]> {
    const resource = this.#resource
    if (each.kind === 'enter') {
      const capacity = this.#capacity + (each.otherCapacity ? 1 : 0)
      const claim: Claim = {
        ...each,
        resource,
        capacity,
        weight: Math.min(each.weight, capacity),
        note: 'first',
        owner: 'x|y',
      }
      return [await store.enter(claim), enterLine(this.line, claim, 'channel', now)]
    }
    const known = this.line.claims.find((claim) => claim.id === each.id)
    const right = known === undefined || known.state === 'waiting' ? 5n : known.token
    const named = each.token === 'none' ? undefined : each.token === 'wrong' ? right + 1n : right
    const ref = { resource, id: each.id, ...(named === undefined ? {} : { token: named }) }
    if (each.kind === 'renew') {
      const [answer] = await store.renew([
        { ref, ttlMs: each.ttlMs, ...(each.note === undefined ? {} : { note: each.note }) },
      ])
      if (answer === undefined || answer instanceof Error) throw new Error('the renewal failed', { cause: answer })
      return [answer, renewInLine(this.line, ref, each.ttlMs, each.note, now)]
    }
    if (each.kind === 'leave') {
      return [await store.leave(ref, { keepMs: each.keepMs }), leaveLine(this.line, ref, each.keepMs, now)]
    }
    const asked = named ?? right
    return [await store.admin.evict(resource, asked, 'made room'), evictFromLine(this.line, asked, 'made room', now)]
  }
}

/** Both sides, without what only one of them has; when to look again may be earlier than the model says. */
function comparable(answer: Standing | Place | string): unknown {
  if (typeof answer === 'string' || answer.kind === 'gone') return answer
  if (answer.kind === 'refused') return { kind: answer.kind, because: answer.because, capacity: answer.capacity }
  const lifeMs = Math.round((answer.lifeMs ?? Number.NaN) * 10) / 10
  return answer.kind === 'held'
    ? { kind: answer.kind, token: answer.token, lifeMs, provisional: answer.provisional }
    : { kind: answer.kind, ahead: answer.ahead, lifeMs }
}

function rounded(view: { readonly claims: readonly { readonly endsInMs?: number }[] }): unknown {
  const claims = view.claims.map((claim) => ({
    ...claim,
    endsInMs: Math.round((claim.endsInMs ?? Number.NaN) * 10) / 10,
  }))
  return { ...view, claims }
}

test(
  'random operations get the answers and leave the line that the transition of core says',
  { timeout: 120_000 },
  async () => {
    let grants = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { minLength: 20, maxLength: 60, size: 'max' }),
        fc.integer({ min: 1, max: 4 }),
        async (operations, capacity) => {
          const twins = new Twins(capacity)
          for (const each of operations) await twins.carryOut(each)
          grants += twins.grants
        },
      ),
      { numRuns: 200 },
    )
    expect(grants).toBeGreaterThan(500)
  },
)
