/** A process that takes turns: `node turns.fixture.ts URL RESOURCE FILE TURNS HEARTBEAT_MS`. */
import { takeTurns } from '../turns.fixture.ts'
import { dynamodb } from './index.ts'

const [, , url = '', ...words] = process.argv
// Between two looks nothing of a store keeps a process alive: no connection is in use, and its timers are its client's.
const alive = setInterval(() => undefined, 1_000)
await takeTurns(dynamodb(url), words)
clearInterval(alive)
