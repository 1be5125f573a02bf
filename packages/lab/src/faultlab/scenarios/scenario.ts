/** A published incident as a script: who found it, what it shows, and the steps that bring it about each time. */
import type { LockChoice } from '../traffic/order.ts'
import type { Need } from './needs.ts'
import type { ScenarioSetup } from './scenario-setup.ts'

/** What a replay claims, and whether it was so. */
export interface Shown {
  readonly claim: string
  readonly seen: boolean
  readonly detail: string
}

/** One way to play it: what is to be seen differs with and without the protection. */
export interface Take {
  readonly title: string
  readonly guard: boolean
  readonly lock: LockChoice
  readonly ttlMs: number
  play(setup: ScenarioSetup): Promise<readonly Shown[]>
}

export interface Scenario {
  /** What the machine must have; SQLite comes with Node. */
  readonly needs?: readonly Need[]
  readonly foundBy: string
  readonly shows: string
  readonly takes: readonly Take[]
}

export const holdfastLock: LockChoice = { kind: 'holdfast' }

export function shown(claim: string, seen: boolean, detail: string): Shown {
  return { claim, seen, detail }
}
