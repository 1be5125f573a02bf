/** `npm run simulate -- --seed 7` or `-- --seeds 1000`: the deterministic simulation, on the sources. */
import { projectNode, run } from './workspace.mjs'

const hooks = ['--import', './scripts/from-source.mjs']
process.exitCode = await run(projectNode(), [...hooks, 'packages/lab/src/simulation/main.ts', ...process.argv.slice(2)])
