/** What every fault says about itself, so that nothing is left out without a word. */
import type { Record } from '../../judge/record.ts'
import type { Scene } from './scene.ts'

/** `none`: any user. `netns`: network namespaces, of root or of a user namespace. `root`: nothing less. */
export type Rights = 'none' | 'netns' | 'root'

export interface Fault {
  readonly rights: Rights
  readonly what: string
  /** When one of these counts as having had an effect. */
  readonly counts: string
  /** It hits everybody who uses the store, so the store must be one that the run made. */
  readonly hitsStore: boolean
  /** Does it and undoes it. */
  strike(scene: Scene): Promise<void>
  /** How many of those in the history had an effect; one without shows nothing. */
  effects(record: Record): number
}

/** From the moment it was made to the moment it was undone. */
export interface Spell {
  readonly target: string
  readonly fromNs: number
  readonly toNs: number
}

export function spellsOf({ moments, lengthNs }: Record, begins: string, ends: string): Spell[] {
  const faults = moments.filter(({ f }) => f === 'nemesis')
  return faults.flatMap(({ atNs, in: { kind, target } }, index): Spell[] => {
    if (kind !== begins) return []
    const end = faults.slice(index + 1).find(({ in: later }) => later['kind'] === ends && later['target'] === target)
    return [{ target: String(target), fromNs: atNs, toNs: end?.atNs ?? lengthNs }]
  })
}
