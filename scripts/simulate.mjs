/** `npm run simulate -- --seed 7` or `-- --seeds 1000`: the deterministic simulation, on the sources. */
import './from-source.mjs'

await import('../packages/lab/src/simulation/main.ts')
