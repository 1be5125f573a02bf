/** A server in a process of its own that can be killed: carries the seam of the lock file whose path it is given, and says where. */
import { holdfast } from 'holdfast'
import { sqlite } from 'holdfast/sqlite'
import { lockServer } from './index.ts'

const [, , path = '', listen = ''] = process.argv
const locks = holdfast(sqlite({ path }))
const { url } = await lockServer({ locks, store: sqlite({ path }), namespace: 'default', listen })
process.stdout.write(`${url}\n`)
