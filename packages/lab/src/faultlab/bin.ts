/** `npm run lab -- …`: the lab without the command around it. */
import { labMain } from './main.ts'

process.removeAllListeners('warning')
const { stdout, stderr, env: environment } = process
process.exitCode = await labMain({ args: process.argv.slice(2), environment, stdout, stderr })
