/** `npm run engines -- redis 5`: installs what is missing, then starts real servers by hand. Node 24 runs the source as it is. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { install } from './install.mjs'
import { projectNode, root } from './workspace.mjs'

const code = await install()
if (code === 0) {
  const main = join(root, 'packages', 'testbed', 'src', 'engines', 'main.ts')
  const child = spawn(projectNode(), [main, ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' })
  // A terminal sends Ctrl-C to both; a signal to this script alone is meant for the servers, too.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
    process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    throw error
  })
  child.on('exit', (status) => {
    process.exitCode = status ?? 1
  })
} else {
  process.exitCode = code
}
