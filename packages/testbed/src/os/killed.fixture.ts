/** A program with a server on a disk of its own that is killed before it can clean up. */
import { start } from '../engines/redis/server.ts'
import { openFragileDisk } from './fragile-disk.ts'

const disk = await openFragileDisk()
const engine = await start({ aof: 'always', folder: disk.folder })
process.stdout.write(`${JSON.stringify({ folder: disk.folder, pid: engine.pid })}\n`)
setInterval(() => {}, 1_000)
