/** The command and its guardian in one program that has no other files: the guardian is asked for by the path that it has elsewhere. */
import { extname, join } from 'node:path'

const GUARDIAN = join(import.meta.dirname, `guardian${extname(import.meta.filename)}`)

void (process.argv[2] === GUARDIAN ? import('./guardian.ts') : import('./bin.ts'))
