/**
 * A claim that is alone, in one request a step: it is put into a line where nothing stands, renewed, and taken out. Each is
 * tried only where this process knows of nothing that would make it in vain, and where it fails the line is read and changed as always.
 */
import type { HeldClaim } from '../../line/line.ts'
import { type ClaimState, enterLine, type LineStep } from '../../line/transition.ts'
import type { Claim, Ref } from '../../store/claim.ts'
import type { Renewal } from '../../store/store.ts'
import { emptyRecord, type LineRecord } from './engine.ts'
import { heldRecord } from './record.ts'
import type { AloneRenewal, RenewedLine, ServerSwapEngine } from './swap-engine.ts'
import { decodeText, encodeText } from './swap-text.ts'

type OneRequest = Pick<ServerSwapEngine, 'takeFree' | 'renewAlone' | 'renewalsMax' | 'swapBefore'>

/** A line where one claim holds and nothing else stands. */
interface Alone {
  readonly version: string
  readonly claim: HeldClaim
  /** Above the token of the claim where the scale was moved meanwhile. */
  readonly lastToken: bigint
}

/** A claim and how its renewal is asked for. */
interface AloneEntry {
  readonly alone: Alone
  readonly asked: AloneRenewal
}

/** Lines that are remembered; a line that was forgotten costs one request more. */
const KNOWN_MAX = 10_000

export class FreeLines {
  readonly #engine: OneRequest
  readonly #channel: string
  /** How high a token may follow the engine's clock; unknown before the engine was read once. */
  readonly #roof: () => bigint | undefined
  /** Lines that are not free. */
  readonly #known = new Map<string, Alone | 'busy' | 'crowd'>()

  static of(engine: Partial<OneRequest>, channel: string, roof: () => bigint | undefined): FreeLines | undefined {
    return isWhole(engine) ? new FreeLines(engine, channel, roof) : undefined
  }

  private constructor(engine: OneRequest, channel: string, roof: () => bigint | undefined) {
    this.#engine = engine
    this.#channel = channel
    this.#roof = roof
  }

  /** What was read, or written, last. */
  learn(resource: string, { line, observers, waiters }: LineRecord, version: string | undefined): void {
    this.#known.delete(resource)
    const [claim] = line.claims
    if (claim === undefined && observers.length === 0 && waiters === undefined) return
    const isAlone = line.claims.length === 1 && observers.length === 0 && waiters === undefined
    const known =
      isAlone && claim?.state === 'held' && version !== undefined
        ? { version, claim, lastToken: line.lastToken }
        : 'busy'
    this.#known.set(resource, waiters === undefined ? known : 'crowd')
    if (this.#known.size <= KNOWN_MAX) return
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest)
      return
    }
  }

  /** Its waiters are rows, as far as is known. */
  isCrowd(resource: string): boolean {
    return this.#known.get(resource) === 'crowd'
  }

  /** `undefined` where it is not tried; where something stands there the promise is of `undefined`. */
  take(claim: Claim): Promise<LineStep<ClaimState> | undefined> | undefined {
    const { resource } = claim
    const roofUs = this.#roof()
    if (roofUs === undefined || this.#known.has(resource)) return undefined
    const { line, answer } = enterLine(emptyRecord.line, claim, this.#channel, { nowMs: 0, tokenScaleUs: 1n })
    const [held] = line.claims
    if (answer.kind !== 'held' || held?.state !== 'held') return undefined
    // Asks that come meanwhile need not try as well.
    this.#known.set(resource, 'busy')
    const taken = async (): Promise<LineStep<ClaimState> | undefined> => {
      const stored = await this.#engine.takeFree(resource, heldRecord(held), claim.ttlMs, roofUs)
      if (stored === undefined) return undefined
      const { record } = decodeText(stored.text, false)
      this.learn(resource, record, stored.version)
      return { line: record.line, answer: { ...answer, token: record.line.lastToken }, notify: [] }
    }
    return taken().catch((error: unknown) => {
      this.#known.delete(resource)
      throw error
    })
  }

  /** As in `RecordEngine.renewAlone`. What changes more of a claim than its life is not tried. */
  renew(renewals: readonly Renewal[]): readonly (Promise<ClaimState | undefined> | undefined)[] {
    const entries = renewals.map((renewal) => this.#aloneFor(renewal))
    const known = entries.filter((entry) => entry !== undefined)
    const answers = new Map<AloneEntry, Promise<ClaimState | undefined>>()
    const { renewalsMax } = this.#engine
    for (let start = 0; start < known.length; start += renewalsMax) {
      const together = known.slice(start, start + renewalsMax)
      const renewed = this.#engine.renewAlone(together.map(({ asked }) => asked))
      together.forEach((entry, index) => {
        answers.set(
          entry,
          renewed.then(
            (lines) => this.#renewed(entry, lines[index]),
            (error: unknown) => {
              this.#known.delete(entry.asked.key)
              throw error
            },
          ),
        )
      })
    }
    return entries.map((entry) => entry && answers.get(entry))
  }

  async giveBack(ref: Ref): Promise<boolean> {
    const { resource } = ref
    const known = this.#known.get(resource)
    if (known === undefined || typeof known === 'string') return false
    const { claim, version, lastToken } = known
    if (!isThatOf(known, ref)) return false
    this.#known.delete(resource)
    const text = encodeText({ line: { lastToken, claims: [] }, observers: [] })
    return (await this.#engine.swapBefore(resource, version, text, claim.endsAtMs)).version !== undefined
  }

  #aloneFor({ ref, ttlMs, note, outlives }: Renewal): AloneEntry | undefined {
    const alone = this.#known.get(ref.resource)
    if (alone === undefined || typeof alone === 'string' || note !== undefined || outlives === true) return undefined
    if (!isThatOf(alone, ref)) return undefined
    // Nothing else of this process is tried on what may be over by then.
    this.#known.set(ref.resource, 'busy')
    const { version, claim } = alone
    const [untilEnd, untilToken, rest] = heldRecord({ ...claim, ttlMs, provisional: false })
    const afterEnd = `${untilToken}${claim.token}${rest}`
    const asked = { key: ref.resource, seen: version, endsAtMs: claim.endsAtMs, ttlMs, untilEnd, afterEnd }
    return { alone, asked }
  }

  #renewed({ alone, asked }: AloneEntry, line: RenewedLine | undefined): ClaimState | undefined {
    if (line === undefined) return undefined
    const { key, ttlMs } = asked
    const claim: HeldClaim = { ...alone.claim, ttlMs, provisional: false, endsAtMs: line.endsAtMs }
    this.learn(key, { line: { lastToken: alone.lastToken, claims: [claim] }, observers: [] }, line.version)
    return { kind: 'held', token: claim.token, lifeMs: ttlMs, provisional: false }
  }
}

function isThatOf({ claim }: Alone, { id, token }: Ref): boolean {
  return claim.id === id && (token === undefined || claim.token === token)
}

function isWhole(engine: Partial<OneRequest>): engine is OneRequest {
  const { takeFree, renewAlone, renewalsMax, swapBefore } = engine
  return [takeFree, renewAlone, renewalsMax, swapBefore].every((each) => each !== undefined)
}
