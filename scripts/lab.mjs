/** `npm run lab -- run --for 60s`: installs and builds what is missing, then hurts locks and judges them. See docs/fault-lab.md. */
import { join } from 'node:path'
import { install } from './install.mjs'
import { projectNode, root, run, runScript } from './workspace.mjs'

let code = await install()
if (code === 0) code = await runScript('build.mjs')
if (code === 0) {
  code = await run(projectNode(), [
    join(root, 'packages', 'lab', 'dist', 'faultlab', 'bin.js'),
    ...process.argv.slice(2),
  ])
}
process.exitCode = code
