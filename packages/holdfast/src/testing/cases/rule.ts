/** The same random operations on the store and on the pure functions of core: wherever time does not matter, they agree. */
import assert from 'node:assert/strict'
import { type Claim, newClaimId } from '../../store/claim.ts'
import { emptyLine, type Line } from '../../line/line.ts'
import { TOKEN_MAX } from '../../store/limits.ts'
import {
  enterLine,
  evictFromLine,
  leaveLine,
  type Moment,
  type ClaimState,
  renewInLine,
  type LineStep,
} from '../../line/transition.ts'
import type { OpenStore } from '../../store/store.ts'
import type { Standing } from '../../store/standing.ts'
import { type Case, casesOf, type Context } from '../case.ts'
import { answered, claimOf } from '../steps.ts'

const OPERATIONS = 120

/** A small generator with a seed, so that a failure can be repeated. (mulberry32) */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** What both sides can be compared by; tokens are compared by their order. */
function gist(standing: Standing | ClaimState): string {
  switch (standing.kind) {
    case 'queued':
      return `queued ${standing.ahead}`
    case 'refused':
      return `refused ${standing.because} ${standing.capacity ?? ''}`
    case 'gone':
      return `gone ${standing.reason ?? ''}`
    default:
      return 'held'
  }
}

class Twins {
  line: Line = emptyLine
  readonly #context: Context
  readonly #stores: readonly OpenStore[]
  /** Claims by id: what was sent, and the token each side gave. */
  readonly #sent = new Map<string, Claim>()
  /** A claim is used through the store that it entered by. */
  readonly #storeOf = new Map<string, OpenStore>()
  readonly #tokens = new Map<string, { real: bigint; model: bigint }>()
  readonly #random: (below: number) => number
  readonly #now: Moment = { nowMs: 0, tokenScaleUs: 1n }

  constructor(context: Context, stores: readonly OpenStore[], seed: number) {
    this.#context = context
    this.#stores = stores
    this.#random = randomFrom(seed)
  }

  async step(capacity: number): Promise<readonly [string, string, string]> {
    const dice = this.#random(10)
    const id = this.#anyId()
    if (dice < 4 || id === undefined) return this.#enter(capacity)
    if (dice < 6) return this.#renew(id)
    return dice < 9 ? this.#leave(id) : this.#evict(id)
  }

  async #enter(capacity: number): Promise<readonly [string, string, string]> {
    const waiting = this.line.claims.filter((claim) => claim.state === 'waiting')
    const repeated = this.#random(3) === 0 ? waiting[this.#random(Math.max(1, waiting.length))] : undefined
    const claim =
      (repeated === undefined ? undefined : this.#sent.get(repeated.id)) ??
      claimOf(this.#context, {
        id: newClaimId(),
        weight: this.#random(capacity + 1),
        capacity: this.#random(12) === 0 ? capacity + 1 : capacity,
        queue: this.#random(4) > 0,
      })
    this.#sent.set(claim.id, claim)
    const standing = await this.#storeFor(claim.id).enter(claim)
    return this.#compare('enter', claim.id, standing, enterLine(this.line, claim, 'model', this.#now))
  }

  async #renew(id: string): Promise<readonly [string, string, string]> {
    const { real, model } = this.#refs(id)
    const [answer] = await this.#storeFor(id).renew([{ ref: real, ttlMs: this.#context.longMs }])
    const step = renewInLine(this.line, model, this.#context.longMs, undefined, this.#now)
    return this.#compare('renew', id, answered(answer), step)
  }

  async #leave(id: string): Promise<readonly [string, string, string]> {
    const { real, model } = this.#refs(id)
    const answer = await this.#storeFor(id).leave(real)
    const step = leaveLine(this.line, model, 0, this.#now)
    this.line = step.line
    return ['leave', answer, step.answer]
  }

  async #evict(id: string): Promise<readonly [string, string, string]> {
    const tokens = this.#tokens.get(id) ?? { real: TOKEN_MAX, model: TOKEN_MAX }
    const answer = await this.#store().evict(this.#context.resource(), tokens.real, 'by the test')
    const step = evictFromLine(this.line, tokens.model, 'by the test', this.#now)
    this.line = step.line
    return ['evict', answer, step.answer]
  }

  #compare(what: string, id: string, real: Standing, step: LineStep<ClaimState>): readonly [string, string, string] {
    this.line = step.line
    if (real.kind === 'held' && step.answer.kind === 'held') {
      const known = this.#tokens.get(id)
      this.#tokens.set(id, { real: real.token, model: step.answer.token })
      if (known !== undefined && known.model === step.answer.token) {
        return [what, `held ${real.token}`, `held ${known.real}`]
      }
    }
    return [what, gist(real), gist(step.answer)]
  }

  /** Every token known on both sides, in the order of the model, must be in order. */
  assertOrder(): void {
    const pairs = [...this.#tokens.values()].toSorted((one, other) => (one.model < other.model ? -1 : 1))
    const real = pairs.map((pair) => pair.real)
    assert.deepEqual(
      real,
      real.toSorted((one, other) => (one < other ? -1 : 1)),
      'tokens must rise in the order of the grants',
    )
  }

  #refs(id: string): { real: Parameters<OpenStore['leave']>[0]; model: Parameters<OpenStore['leave']>[0] } {
    const resource = this.#context.resource()
    const tokens = this.#random(2) === 0 ? this.#tokens.get(id) : undefined
    if (tokens === undefined) return { real: { resource, id }, model: { resource, id } }
    return { real: { resource, id, token: tokens.real }, model: { resource, id, token: tokens.model } }
  }

  /** Mostly one that lives, sometimes one that is over. */
  #anyId(): string | undefined {
    const lives = this.line.claims.map((claim) => claim.id)
    const from = this.#random(5) > 0 && lives.length > 0 ? lives : [...this.#sent.keys()]
    return from[this.#random(Math.max(1, from.length))]
  }

  #storeFor(id: string): OpenStore {
    const known = this.#storeOf.get(id) ?? this.#store()
    this.#storeOf.set(id, known)
    return known
  }

  #store(): OpenStore {
    const store = this.#stores[this.#random(this.#stores.length)]
    if (store === undefined) throw new Error('no store to ask')
    return store
  }
}

export const rule: readonly Case[] = casesOf(
  'rule',
  [1, 2, 3, 4].map((capacity) => ({
    name: `random operations on a line of capacity ${capacity} are answered as the rule says`,
    needs: ['order', 'semaphore', 'members'] as const,
    async run(context: Context): Promise<void> {
      const twins = new Twins(context, [await context.connect(), await context.connect()], capacity * 7919)
      const history: string[] = []
      for (let count = 0; count < OPERATIONS; count += 1) {
        const [what, real, model] = await twins.step(capacity)
        history.push(`${what} ${real}`)
        assert.equal(real, model, `operation ${count}, after ${history.slice(-6).join(', ')}`)
      }
      twins.assertOrder()
    },
  })),
)
