/** `npm run mutants`: proves that the checks can fail. See tests/mutants/. */
import '../tests/mutants/run.ts'
