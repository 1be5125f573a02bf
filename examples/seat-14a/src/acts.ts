/** The three acts as data: what each is told to do and what it claims to show. */

export type Way = 'no-lock' | 'lock' | 'lock-and-fence'

export interface Act {
  readonly number: 1 | 2 | 3
  readonly way: Way
  readonly title: string
  readonly text: string
  /** Whether the first buyer who has paid is stopped before the write. */
  readonly pause: boolean
  readonly expects: 'oversold' | 'sold once'
}

export const acts: readonly Act[] = [
  {
    number: 1,
    way: 'no-lock',
    title: 'Act 1: no lock',
    text: 'Everybody who looks before the first ticket is written finds the seat free, and pays.',
    pause: false,
    expects: 'oversold',
  },
  {
    number: 2,
    way: 'lock',
    title: 'Act 2: a lock, and a pause',
    text: 'One buyer at a time. But the first one is stopped after its last check and before its write: a long garbage collection, a laptop lid, a migrating virtual machine.',
    pause: true,
    expects: 'oversold',
  },
  {
    number: 3,
    way: 'lock-and-fence',
    title: 'Act 3: the same pause, and a fence in the database',
    text: 'The same lock and the same pause. Now every write carries the token of its lock, and the database refuses a token older than one it has seen.',
    pause: true,
    expects: 'sold once',
  },
]

export const SEAT = '14A'
/** The name of the lock, and of the seat in the history. */
export const SEAT_KEY = 'seat:14A'

/** The lanes that are not buyers. */
export const BANK = 'card company'
export const SHOP = 'shop database'
export const CONDUCTOR = 'conductor'
