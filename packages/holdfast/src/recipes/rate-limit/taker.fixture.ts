/** One process that takes all permits of a rate and lives on: killed by `killed.test.ts`. */
import { holdfast } from '../../holdfast.ts'
import { sqlite } from '../../stores/sqlite/index.ts'
import { rateLimit } from './index.ts'

const [path = '', limit = '', per = ''] = process.argv.slice(2)
process.once('disconnect', () => process.exit())
const rate = rateLimit(holdfast(sqlite({ path })), 'mail', { limit: Number(limit), per })
process.send?.(await rate.tryTake({ count: Number(limit) }))
