/** Several faults at the same moment, written as `cut+kill-server`: what each alone is survived by may not survive both. */
import type { Record } from '../../judge/record.ts'
import type { Rights } from '@holdfast/testbed/os/rights'
import type { Fault } from './fault.ts'
import { type FaultWindow, faultWindowsOf } from './fault-window.ts'

const LEVELS: readonly Rights[] = ['none', 'netns', 'root']

export function together(name: string, parts: readonly Fault[]): Fault {
  const rights = LEVELS.findLast((level) => parts.some((part) => part.rights === level)) ?? 'none'
  const ends = `end-${name}`
  return {
    rights,
    what: `at the same moment: ${parts.map(({ what }) => what).join('; ')}`,
    counts: 'each of them had an effect of its own',
    atStore: parts.some(({ atStore }) => atStore),
    hitsStore: parts.some(({ hitsStore }) => hitsStore),
    locate: async () => {
      for (const part of parts) await part.locate?.()
    },
    begins: name,
    ends,
    async strike(target) {
      target.note(name, ALL)
      await Promise.all(parts.map((part) => part.strike(target)))
      target.note(ends, ALL)
    },
    hadEffect: (window, record) => parts.every((part) => hadEffectWithin(part, window, record)),
  }
}

/** Who is hit, is told by the parts. */
const ALL = 'everything'

function hadEffectWithin(part: Fault, { fromNs, toNs }: FaultWindow, record: Record): boolean {
  return faultWindowsOf(record, part.begins, part.ends).some(
    (own) => own.fromNs >= fromNs && own.fromNs <= toNs && part.hadEffect(own, record),
  )
}
