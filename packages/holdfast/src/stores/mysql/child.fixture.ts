/** A process that takes turns: `node child.fixture.ts URL RESOURCE FILE TURNS HEARTBEAT_MS`. */
import { takeTurns } from '../turns.fixture.ts'
import { mysql } from './index.ts'

const [, , url = '', ...words] = process.argv
await takeTurns(mysql(url), words)
