/** A fault as the history tells it: from the moment it was made to the moment it was undone. */
import type { Record } from '../../judge/record.ts'
import type { Detail } from '@holdfast/testbed/history'

export interface FaultWindow {
  readonly target: string
  readonly fromNs: number
  readonly toNs: number
  /** What was noted when it began and when it was over. */
  readonly begun: Detail
  readonly ended: Detail
}

export function faultWindowsOf({ moments, lengthNs }: Record, begins: string, ends?: string): FaultWindow[] {
  const faults = moments.filter(({ f }) => f === 'nemesis')
  return faults.flatMap(({ atNs, in: begun }, index): FaultWindow[] => {
    if (begun['kind'] !== begins) return []
    const target = String(begun['target'])
    if (ends === undefined) return [{ target, fromNs: atNs, toNs: atNs, begun, ended: {} }]
    const end = faults.slice(index + 1).find(({ in: later }) => later['kind'] === ends && later['target'] === target)
    return [{ target, fromNs: atNs, toNs: end?.atNs ?? lengthNs, begun, ended: end?.in ?? {} }]
  })
}
