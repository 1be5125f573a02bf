/** `npm run mutants [part of a name …]`: proves that the checks can fail. See tests/mutants/. */
import { projectNode, run } from './workspace.mjs'

// Node calls the stripping of types experimental, on every use.
const quiet = '--disable-warning=ExperimentalWarning'
process.exitCode = await run(projectNode(), [quiet, 'tests/mutants/run.ts', ...process.argv.slice(2)])
