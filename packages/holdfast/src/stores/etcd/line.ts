/**
 * A line as keys in the order of their making. Entering and handing over cost the same in a line of two and of a thousand:
 * the tail names the newest claim and the handover the last holder that left. Both may be missing, and then the line is
 * read; neither can be wrong. (docs/protocols/sessions.md#entering-etcd-in-one-step)
 */
import type { Claim, Ref } from '../../store/claim.ts'
import { NotApplied } from '../../store/errors.ts'
import type { EtcdChannel } from '../etcd-driver/channel.ts'
import { GRPC } from '../etcd-driver/failures.ts'
import {
  type Compare,
  type KeyValue,
  type Operation,
  rangeMethod,
  type TxnAnswer,
  txnMethod,
  type TxnRequest,
} from '../etcd-driver/messages.ts'
import type { LineAhead, LineEntry, OwnPlace, PutAnswer, Removal } from '../sessions/engine.ts'
import { refusalOf } from '../sessions/rule.ts'
import { type ClaimText, claimTextOf, decodeClaim, encodeClaim, entryOf, tokenOf } from './claim-text.ts'
import { type EtcdKeys, idOf } from './keys.ts'
import type { EtcdSession, Leases } from './leases.ts'
import {
  either,
  erase,
  foundIn,
  hasValue,
  isCreatedAt,
  isEmpty,
  isModifiedAt,
  isUnchangedSince,
  isWrittenMoreOften,
  lineRange,
  read,
  write,
} from '../etcd-driver/requests.ts'
import type { TokenBase } from './token-base.ts'

/** Up to so many enters the line is read whole: it costs little, and tells exactly how many are ahead. */
const SHORT_LINE = 32

export interface EtcdPlace extends OwnPlace {
  readonly createRevision: bigint
  text: ClaimText
  /** Of the state that was last seen or written here. */
  modRevision: bigint
  /** The claim right in front, where one alone decides. */
  previous?: { readonly key: string; readonly createRevision: bigint } | undefined
  /** Counts the enters since the line was last empty; 0 where that is not known. */
  readonly ticket: number
  /** It was seen that nothing is in front: it has held. */
  isFirst: boolean
}

const PLAIN = 'plain'
const isPlain = ({ weight, capacity }: Pick<LineEntry, 'weight' | 'capacity'>): boolean =>
  weight === 1 && capacity === 1

export class EtcdLine {
  readonly #channel: EtcdChannel
  readonly #keys: EtcdKeys
  readonly #base: TokenBase
  readonly #leases: Leases

  constructor(channel: EtcdChannel, keys: EtcdKeys, base: TokenBase, leases: Leases) {
    this.#channel = channel
    this.#keys = keys
    this.#base = base
    this.#leases = leases
  }

  async put(session: EtcdSession, claim: Claim): Promise<PutAnswer> {
    if (claim.queue) return await this.#put(session, claim)
    const line = this.#keys.line(claim.resource)
    if (isPlain(claim)) {
      const answer = await this.#put(session, claim, isEmpty(line))
      // Members weigh nothing: it may fit although the line is not empty.
      if (answer.kind !== 'refused' || refusalOf(answer.line, claim) !== undefined) return answer
    }
    const { kvs, header } = await this.#channel.call(rangeMethod, lineRange(line), 'reading a line')
    const entries = kvs.map(entryOf)
    if (refusalOf(entries, claim) !== undefined) return { kind: 'refused', line: entries }
    return await this.#put(session, claim, isUnchangedSince(line, header?.revision ?? 0n))
  }

  async ahead(claim: Claim, own: EtcdPlace): Promise<LineAhead | undefined> {
    const { previous } = own
    if (previous === undefined) return await this.#whole(claim, own)
    const { resource } = claim
    const asked = [read(previous.key), read(this.#keys.handover(resource))]
    const answer = await this.#txn(
      either([isCreatedAt(own.key, own.createRevision)], asked, []),
      'reading who is in front',
    )
    if (!answer.succeeded) return undefined
    const [[found] = [], [handover] = []] = answer.responses.map(foundIn)
    if (found?.createRevision === previous.createRevision) return behind(own, previous.key, handover)
    // It held when it left, and no claim can have come between the two.
    const isNext = handover !== undefined && handoverIn(handover).createRevision >= previous.createRevision
    if (!isNext) return await this.#whole(claim, own)
    own.isFirst = true
    return { entries: [ownEntry(own)], unread: 0 }
  }

  /** `undefined`: what was named is not what is there. */
  async remove(
    session: EtcdSession | undefined,
    { resource, id }: Ref,
    own: EtcdPlace | undefined,
    { keepMs, isBarred }: Removal,
  ): Promise<boolean> {
    const key = this.#keys.claim(resource, id)
    const bar = isBarred && session !== undefined ? [write(this.#keys.bar(resource, id), '', session.lease)] : []
    if (own === undefined) {
      const { responses } = await this.#txn(either([], [erase(key), ...bar], []), 'leaving a line')
      return (responses[0]?.delete?.deleted ?? 0n) > 0n
    }
    if (keepMs > 0) {
      const { id: lease } = await this.#leases.grant(keepMs)
      return await this.replace(own, { ...own.text, isLingering: true }, lease, bar)
    }
    const tail = this.#keys.tail(resource)
    const { createRevision, ticket, isFirst, text } = own
    const handover =
      isFirst && isPlain(text) && session !== undefined
        ? [write(this.#keys.handover(resource), `${createRevision} ${ticket}`, session.lease)]
        : []
    const isLast = [hasValue(tail, tailTextOf(key, text))]
    const ending = { txn: either(isLast, [erase(tail), erase(this.#keys.handover(resource))], handover) }
    const tidy = { txn: either([isCreatedAt(tail, 0n)], [], [ending]) }
    const leaving = either([isCreatedAt(key, createRevision)], [erase(key), tidy, ...bar], bar)
    return (await this.#txn(leaving, 'leaving a line', session)).succeeded
  }

  /** Writes another text into the same place. False where the claim is gone, or was changed by another process. */
  async replace(own: EtcdPlace, text: ClaimText, lease: bigint, more: readonly Operation[] = []): Promise<boolean> {
    const { key, createRevision } = own
    const compare = [isCreatedAt(key, createRevision), isModifiedAt(key, own.modRevision)]
    const request = either(compare, [write(key, encodeClaim(text), lease), ...more], [read(key), ...more])
    const { succeeded, responses, header } = await this.#txn(request, 'changing a claim')
    if (succeeded) {
      own.text = text
      own.modRevision = header?.revision ?? 0n
      return true
    }
    const [found] = foundIn(responses[0])
    if (found?.createRevision !== createRevision || decodeClaim(found).isLingering) return false
    // The answer to a change of our own was lost.
    own.modRevision = found.modRevision
    throw new NotApplied('the claim had changed')
  }

  async find(resource: string, id: string): Promise<(EtcdPlace & { readonly isLingering: boolean }) | undefined> {
    const answer = await this.#channel.call(rangeMethod, { key: this.#keys.claim(resource, id) }, 'looking for a claim')
    const [found] = answer.kvs
    if (found === undefined) return undefined
    const place = placeOf(found)
    return { ...place, isLingering: place.text.isLingering }
  }

  /** `room`: what must be so for a claim that may not wait. */
  async #put(session: EtcdSession, claim: Claim, room?: Compare): Promise<PutAnswer> {
    const { resource, id } = claim
    const [key, bar] = [this.#keys.claim(resource, id), this.#keys.bar(resource, id)]
    const compare = [
      isCreatedAt(key, 0n),
      isCreatedAt(bar, 0n),
      isModifiedAt(this.#keys.base, this.#base.modRevision),
      ...(room === undefined ? [] : [room]),
    ]
    const text = claimTextOf(claim, this.#base.value)
    const line = room === undefined ? read(key) : { range: lineRange(this.#keys.line(resource)) }
    const request = either(compare, this.#entering(claim, text, session.lease), [
      line,
      read(bar),
      read(this.#keys.base),
    ])
    const answer = await this.#txn(request, 'entering a line', session)
    return answer.succeeded ? await this.#made(claim, key, text, answer) : await this.#notMade(key, answer)
  }

  /** In an empty line the claim alone is written: a tail that is missing says that the line has to be read. */
  #entering(claim: Claim, text: ClaimText, lease: bigint): readonly Operation[] {
    const { resource, id } = claim
    const [key, tail, line] = [this.#keys.claim(resource, id), this.#keys.tail(resource), this.#keys.line(resource)]
    const whole = { range: lineRange(line) }
    const handover = read(this.#keys.handover(resource))
    const seen = isPlain(claim)
      ? either([isWrittenMoreOften(tail, SHORT_LINE)], [handover], [whole])
      : either([], [whole], [])
    const behindOthers = [read(tail), { txn: seen }, write(tail, tailTextOf(key, text), lease)]
    return [
      write(key, encodeClaim(text), lease),
      { txn: either([isEmpty(line), isCreatedAt(tail, 0n)], [], behindOthers) },
    ]
  }

  async #made(claim: Claim, key: string, text: ClaimText, answer: TxnAnswer): Promise<PutAnswer> {
    const revision = answer.header?.revision ?? 0n
    const entering = answer.responses[1]?.txn
    const [tail] = foundIn(entering?.responses[0])
    const isAlone = entering?.succeeded === true
    const own: EtcdPlace = {
      key,
      token: tokenOf(text, revision),
      text,
      createRevision: revision,
      modRevision: revision,
      // The first one of a line writes no tail.
      ticket: isAlone ? 1 : Number(tail?.version ?? 0n) + 2,
      isFirst: isAlone,
    }
    if (isAlone) return { kind: 'made', own, ahead: { entries: [ownEntry(own)], unread: 0 } }
    const seen = entering?.responses[1]?.txn
    const found = foundIn(seen?.responses[0])
    if (!isPlain(claim) || seen?.succeeded !== true) return { kind: 'made', own, ahead: seenBy(own, found) }
    const [previous = '', kind] = tail?.value.split(' ') ?? []
    if (tail === undefined || kind !== PLAIN) {
      const ahead = await this.#whole(claim, own)
      return ahead === undefined ? { kind: 'found', own } : { kind: 'made', own, ahead }
    }
    own.previous = { key: previous, createRevision: tail.modRevision }
    return { kind: 'made', own, ahead: behind(own, previous, found[0]) }
  }

  async #notMade(key: string, { responses }: TxnAnswer): Promise<PutAnswer> {
    const [line = [], [bar] = [], [base] = []] = responses.map(foundIn)
    const own = line.find((kv) => kv.key === key)
    if (own !== undefined) return { kind: 'found', own: placeOf(own) }
    if (bar !== undefined) return { kind: 'barred' }
    if (base?.modRevision !== this.#base.modRevision) {
      await this.#base.load()
      throw new NotApplied('the base of the tokens was moved')
    }
    return { kind: 'refused', line: line.map(entryOf) }
  }

  async #whole({ resource }: Claim, own: EtcdPlace): Promise<LineAhead | undefined> {
    const line = { range: lineRange(this.#keys.line(resource), { maxCreateRevision: own.createRevision }) }
    const request = either([isCreatedAt(own.key, own.createRevision)], [line], [])
    const { succeeded, responses } = await this.#txn(request, 'reading a line')
    return succeeded ? seenBy(own, foundIn(responses[0])) : undefined
  }

  async #txn(request: TxnRequest, what: string, session?: EtcdSession): Promise<TxnAnswer> {
    return await this.#channel.call(txnMethod, request, what, (code) => {
      if (code === GRPC.notFound && session !== undefined) session.isDead = true
      return undefined
    })
  }
}

function placeOf(kv: KeyValue): EtcdPlace {
  const text = decodeClaim(kv)
  const { key, createRevision, modRevision } = kv
  return { key, token: tokenOf(text, createRevision), text, createRevision, modRevision, ticket: 0, isFirst: false }
}

/** The line was read up to the claim. From now on a mutex claim needs only the one in front of it. */
function seenBy(own: EtcdPlace, found: readonly KeyValue[]): LineAhead {
  const entries = found.map(entryOf)
  const before = found.at(-2)
  own.isFirst = entries.length === 1
  if (before !== undefined && entries.every(isPlain)) {
    own.previous = { key: before.key, createRevision: before.createRevision }
  }
  return { entries, unread: 0 }
}

/** Whether the one in front is still there is asked when it is watched. */
function behind(own: EtcdPlace, previous: string, handover: KeyValue | undefined): LineAhead {
  const gone = handover === undefined ? 0 : handoverIn(handover).ticket
  const unread = Math.max(0, own.ticket - 2 - (gone < own.ticket ? gone : 0))
  return { entries: [plainEntry(previous), ownEntry(own)], unread }
}

/** A mutex claim behind one that is none reads the line. */
function tailTextOf(key: string, text: ClaimText): string {
  return `${key} ${isPlain(text) ? PLAIN : text.capacity}`
}

function ownEntry({ key, text: { weight, capacity } }: EtcdPlace): LineEntry {
  return { key, id: idOf(key), weight, capacity, isLingering: false }
}

function plainEntry(key: string): LineEntry {
  return { key, id: idOf(key), weight: 1, capacity: 1, isLingering: false }
}

function handoverIn({ value }: KeyValue): { readonly createRevision: bigint; readonly ticket: number } {
  const [, revision = '0', ticket = '0'] = /^(\d{1,19}) (\d{1,15})$/.exec(value) ?? []
  return { createRevision: BigInt(revision), ticket: Number(ticket) }
}
