/** What the keys and channels of a store begin with. */
import { Misuse } from '../../store/errors.ts'

/** Plain characters only: it stands in patterns, in scripts and in messages. */
const PREFIX = /^[A-Za-z0-9_.:-]{1,64}$/

export function checkedPrefix(prefix: string): string {
  if (typeof prefix === 'string' && PREFIX.test(prefix)) return prefix
  throw new Misuse('prefix must be 1 to 64 letters, digits, or any of _ . : -')
}
