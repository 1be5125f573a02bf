/** `npm run model` or `npm run model -- --deep`: every state of the token rule of Redlock, on the sources. */
import { projectNode, run } from './workspace.mjs'

process.exitCode = await run(projectNode(), ['packages/lab/src/redlock-model/main.ts', ...process.argv.slice(2)])
