/** Every case, in one list. A store that passes them, or names its exceptions with reasons, is a Holdfast store. */
import type { Case } from './case.ts'
import { admin } from './cases/admin.ts'
import { eviction } from './cases/evict.ts'
import { expiry } from './cases/expiry.ts'
import { idempotentEnter } from './cases/idempotent-enter.ts'
import { leaving } from './cases/leave.ts'
import { lifecycle } from './cases/lifecycle.ts'
import { names } from './cases/names.ts'
import { queue } from './cases/queue.ts'
import { renewal } from './cases/renew.ts'
import { rule } from './cases/rule.ts'
import { tokens } from './cases/tokens.ts'
import { watching } from './cases/watch.ts'
import { weights } from './cases/weights.ts'

export const conformance: readonly Case[] = [
  ...lifecycle,
  ...idempotentEnter,
  ...queue,
  ...expiry,
  ...renewal,
  ...leaving,
  ...tokens,
  ...watching,
  ...weights,
  ...eviction,
  ...admin,
  ...names,
  ...rule,
]
