/** `npm run demo`: installs and builds what is missing, then shows locks, a crash and a refused stale write on this machine. */
import { join } from 'node:path'
import { install } from './install.mjs'
import { projectNode, root, run, runScript, say } from './workspace.mjs'

say('holdfast: getting ready …')
let code = await install()
if (code === 0) code = await runScript('build.mjs')
if (code === 0) {
  code = await run(projectNode(), [join(root, 'examples', 'seat-14a', 'dist', 'main.js'), ...process.argv.slice(2)])
}
process.exitCode = code
