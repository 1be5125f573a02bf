/** `npm run lab -- …`: the lab without the command around it. */
import { labMain } from './main.ts'

process.removeAllListeners('warning')
const { stdout, stderr, env: environment } = process
// At once: seen with Node 24, taking down the handles of killed workers one by one may never come to an end.
process.exit(await labMain({ args: process.argv.slice(2), environment, stdout, stderr }))
