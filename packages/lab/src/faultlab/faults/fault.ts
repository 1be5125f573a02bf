/** What every fault says about itself, so that nothing is left out without a word. */
import type { Record } from '../../judge/record.ts'
import type { Rights } from '@holdfast/testbed/os/rights'
import type { Need } from '../environment/environment.ts'
import type { FaultTarget } from './fault-target.ts'
import type { FaultWindow } from './fault-window.ts'

export interface Fault {
  readonly rights: Rights
  readonly what: string
  /** When one of these counts as having had an effect. */
  readonly counts: string
  /** It is felt through the store alone: at the store itself, or on the way to it. */
  readonly atStore: boolean
  /** It hits every user of the store, so the store must be one that the run made. */
  readonly hitsStore: boolean
  /** What the run has to set up for it. */
  readonly needs?: Need
  /** Rejects with EngineNotAvailable when it cannot be made on this machine. */
  readonly locate?: () => Promise<unknown>
  /** How the history calls its beginning, and its end where it has one. */
  readonly begins: string
  readonly ends?: string
  /** Does it and undoes it. */
  strike(target: FaultTarget): Promise<void>
  /** Whether this one in the history had an effect; one without shows nothing. */
  hadEffect(window: FaultWindow, record: Record): boolean
}
