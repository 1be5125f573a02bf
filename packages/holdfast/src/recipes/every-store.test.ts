/**
 * Every recipe on every store of this machine.
 * @module-tag real-time
 */
import { describe, test } from 'vitest'
import { absent, benches } from '../stores/benches.fixture.ts'
import { cronCase } from './cron/stores.fixture.ts'
import { electionCase } from './election/stores.fixture.ts'
import { runOnStore } from './every-store.fixture.ts'
import { membersCase } from './members/stores.fixture.ts'
import { onceCase } from './once/stores.fixture.ts'
import { manyPermitsCase, rateCase } from './rate-limit/stores.fixture.ts'
import { singleFlightCase } from './single-flight/stores.fixture.ts'
import { slotsCase } from './slots/stores.fixture.ts'

const cases = [
  membersCase,
  electionCase,
  cronCase,
  onceCase,
  slotsCase,
  singleFlightCase,
  rateCase,
  manyPermitsCase,
] as const

for (const [engine, reason] of Object.entries(absent)) test(engine, ({ skip }) => skip(reason))

for (const bench of Object.values(benches).flat()) {
  if (bench.time !== 'real') continue
  // Most of the time is spent waiting, so the cases wait together.
  describe(bench.name, { concurrent: true, timeout: 60_000 }, () => {
    for (const each of cases) test(each.name, ({ expect }) => runOnStore(each, bench, expect))
  })
}
