/** What a checker finds: which promise was broken, where, when, and in words what proves it. */
export interface Violation {
  readonly property: Property
  /** The process it shows in. */
  readonly p: string
  readonly k: string
  /** Nanoseconds from the first event of the history. */
  readonly atNs: number
  /** When what led to it can have begun, where that is long before it shows. */
  readonly sinceNs?: number
  readonly text: string
}

/** The promises, by the letter used for them everywhere. */
export const properties = {
  T: 'Tokens rise: a grant that was answered before another was asked for has the smaller token, and none is given twice.',
  G: 'The guard, in the order of the resource itself, never admits a token below one it has admitted before.',
  'G″': 'The guard refuses nobody without a larger token to blame.',
  L: 'No acknowledged update is lost.',
  V: 'Holders that are valid by their own clocks fit into the capacity together.',
  U: 'Nobody sends a guarded call after his own lease has ended.',
  N: 'A holder is told in time that his lease is over, and never believes again.',
  R: 'Nothing that ended is renewed.',
  A: 'After healing every lock can be had, none stands free while somebody waits, and none is lost without a fault.',
  F: 'Who stood in line first is granted first.',
  S: 'Nothing is left behind: no timer, waiter, lease or claim.',
} as const

export type Property = keyof typeof properties
