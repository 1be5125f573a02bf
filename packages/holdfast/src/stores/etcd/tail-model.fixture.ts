/**
 * Every order of events that a few mutex claims can meet, by the protocol of line.ts: enters whose answers come or are lost,
 * watches, looks, leaves, deaths, evictions, and the loss of either hint at any time. Written beside the protocol and not
 * with its code, so that a mistake in one of them shows.
 */

/** `new`: not in line, or nobody knows. `behind`: it knows who is in front, and does not watch. */
type Stage = 'new' | 'unsure' | 'behind' | 'watching' | 'told' | 'held' | 'over'

interface ModelClaim {
  readonly stage: Stage
  /** Its create revision; 0 before it is in line. */
  readonly revision: number
  readonly isInLine: boolean
  /** The index of the claim in front, as it was told. */
  readonly previous: number | undefined
}

interface ModelState {
  readonly claims: readonly ModelClaim[]
  /** The index of the claim that the tail names. */
  readonly tail: number | undefined
  /** The revision that the handover names. */
  readonly handover: number
  readonly nextRevision: number
  readonly lastGranted: number
}

/** One-line damages of the protocol, each of which the model must find. */
export type Damage = 'none' | 'absent tail is first' | 'watch without a read' | 'waiter hands over' | 'handover unread'

interface ModelStep {
  readonly what: string
  readonly state: ModelState
}

export interface Exploration {
  readonly states: number
  readonly transitions: number
  /** The first thing that must not be, and the steps that lead to it. */
  readonly violation?: string
}

export function explore(count: number, damage: Damage = 'none'): Exploration {
  const unborn: ModelClaim = { stage: 'new', revision: 0, isInLine: false, previous: undefined }
  const first: ModelState = {
    claims: Array.from({ length: count }, () => unborn),
    tail: undefined,
    handover: 0,
    nextRevision: 1,
    lastGranted: 0,
  }
  const seen = new Map<string, string>([[keyOf(first), '']])
  const queue = [first]
  let transitions = 0
  for (let at = 0; at < queue.length; at += 1) {
    const state = queue[at]
    if (state === undefined) break
    for (const { what, state: next } of stepsFrom(state, damage)) {
      transitions += 1
      const key = keyOf(next)
      if (seen.has(key)) continue
      seen.set(key, `${seen.get(keyOf(state))}; ${what}`)
      const violation = violationIn(next)
      if (violation !== undefined) return { states: seen.size, transitions, violation: `${violation}${seen.get(key)}` }
      queue.push(next)
    }
  }
  return { states: seen.size, transitions }
}

function* stepsFrom(state: ModelState, damage: Damage): Generator<ModelStep> {
  if (state.tail !== undefined) yield { what: 'the tail is lost', state: { ...state, tail: undefined } }
  if (state.handover > 0) yield { what: 'the handover is lost', state: { ...state, handover: 0 } }
  for (const [index, claim] of state.claims.entries()) {
    const { stage, isInLine, revision } = claim
    if (stage === 'new' || (stage === 'unsure' && revision === 0)) {
      yield { what: `${index} enters`, state: entered(state, index, damage) }
      yield { what: `${index} enters, unanswered`, state: put(state, index, 'unsure') }
    }
    if (stage === 'unsure' && revision > 0) yield { what: `${index} asks again`, state: wholeLook(state, index) }
    if (stage === 'behind') yield { what: `${index} watches`, state: watched(state, index, damage) }
    if (stage === 'behind' || stage === 'watching' || stage === 'told') {
      yield { what: `${index} looks`, state: looked(state, index, damage) }
    }
    if (!isInLine) continue
    yield { what: `${index} leaves`, state: left(state, index, damage) }
    yield { what: `${index} dies`, state: died(state, index) }
    yield { what: `${index} is ended by others`, state: removed(state, index, stage === 'held' ? 'over' : stage) }
  }
}

function put(state: ModelState, index: number, stage: Stage, previous?: number): ModelState {
  const claim: ModelClaim = { stage, revision: state.nextRevision, isInLine: true, previous }
  return { ...withClaim(state, index, claim), tail: index, nextRevision: state.nextRevision + 1 }
}

function entered(state: ModelState, index: number, damage: Damage): ModelState {
  const { tail } = state
  if (tail !== undefined) return put(state, index, 'behind', tail)
  const next = put(state, index, 'behind')
  return damage === 'absent tail is first' ? granted(next, index) : wholeLook(next, index)
}

/** A watch that begins now, and the read behind it. */
function watched(state: ModelState, index: number, damage: Damage): ModelState {
  const claim = claimAt(state, index)
  const isThere = claim.previous !== undefined && claimAt(state, claim.previous).isInLine
  return withClaim(state, index, {
    ...claim,
    stage: isThere || damage === 'watch without a read' ? 'watching' : 'told',
  })
}

function looked(state: ModelState, index: number, damage: Damage): ModelState {
  const claim = claimAt(state, index)
  if (!claim.isInLine) return withClaim(state, index, { ...claim, stage: 'over' })
  if (claim.previous === undefined) return wholeLook(state, index)
  const previous = claimAt(state, claim.previous)
  if (previous.isInLine) {
    return claim.stage === 'told' ? withClaim(state, index, { ...claim, stage: 'behind' }) : state
  }
  const isNext = state.handover >= previous.revision || damage === 'handover unread'
  return isNext ? granted(state, index) : wholeLook(state, index)
}

/** The line is read up to the claim. */
function wholeLook(state: ModelState, index: number): ModelState {
  const claim = claimAt(state, index)
  if (!claim.isInLine) return withClaim(state, index, { ...claim, stage: 'over' })
  const [previous] = aheadOf(state, index)
  if (previous === undefined) return granted(withClaim(state, index, { ...claim, previous }), index)
  return withClaim(state, index, { ...claim, stage: 'behind', previous })
}

function granted(state: ModelState, index: number): ModelState {
  const claim = claimAt(state, index)
  // A grant out of order is marked by a number that no later grant reaches.
  const lastGranted = claim.revision > state.lastGranted ? claim.revision : Number.POSITIVE_INFINITY
  return { ...withClaim(state, index, { ...claim, stage: 'held' }), lastGranted }
}

function left(state: ModelState, index: number, damage: Damage): ModelState {
  const { stage, revision } = claimAt(state, index)
  const next = removed(state, index, 'over')
  if (state.tail === index) return { ...next, tail: undefined, handover: 0 }
  return stage === 'held' || damage === 'waiter hands over' ? { ...next, handover: revision } : next
}

/** With its session, and the tail that is on the lease of it. */
function died(state: ModelState, index: number): ModelState {
  const next = removed(state, index, 'over')
  return state.tail === index ? { ...next, tail: undefined } : next
}

/** Every claim that watches it has an event coming. */
function removed(state: ModelState, index: number, stage: Stage): ModelState {
  const claims = state.claims.map((claim, other): ModelClaim => {
    if (other === index) return { ...claim, stage, isInLine: false }
    return claim.stage === 'watching' && claim.previous === index ? { ...claim, stage: 'told' } : claim
  })
  return { ...state, claims }
}

function violationIn(state: ModelState): string | undefined {
  if (state.lastGranted === Number.POSITIVE_INFINITY) return 'a grant was out of order'
  const inLine = [...state.claims.entries()].filter(([, { isInLine }]) => isInLine)
  const held = inLine.filter(([, { stage }]) => stage === 'held')
  if (held.length > 1) return 'two hold'
  if (held.some(([index]) => aheadOf(state, index).length > 0)) return 'one holds behind a claim that lives'
  const isForgotten = ({ stage, previous }: ModelClaim): boolean =>
    stage === 'watching' && previous !== undefined && !claimAt(state, previous).isInLine
  if (inLine.some(([, claim]) => isForgotten(claim))) return 'one waits for an event that cannot come'
  return undefined
}

/** The nearest first. */
function aheadOf(state: ModelState, index: number): readonly number[] {
  const { revision } = claimAt(state, index)
  const ahead = [...state.claims.entries()].filter(([, claim]) => claim.isInLine && claim.revision < revision)
  return ahead.toSorted(([, one], [, other]) => other.revision - one.revision).map(([other]) => other)
}

function claimAt(state: ModelState, index: number): ModelClaim {
  const claim = state.claims[index]
  if (claim === undefined) throw new RangeError(`there is no claim ${index}`)
  return claim
}

function withClaim(state: ModelState, index: number, claim: ModelClaim): ModelState {
  return { ...state, claims: state.claims.with(index, claim) }
}

/** Only the order of the revisions matters. */
function keyOf({ claims, tail, handover, lastGranted }: ModelState): string {
  const revisions = [...new Set([0, handover, lastGranted, ...claims.map(({ revision }) => revision)])]
  const ranks = new Map(revisions.toSorted((one, other) => one - other).map((revision, rank) => [revision, rank]))
  const parts = claims.map(({ stage, revision, isInLine, previous }) =>
    [stage, ranks.get(revision), isInLine, previous].join(),
  )
  return [...parts, tail, ranks.get(handover), ranks.get(lastGranted)].join(' ')
}
