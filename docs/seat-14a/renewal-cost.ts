/** What renewing costs: 1000 leases in one file, kept for a few seconds with a short ttl and with a long one. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as passing } from 'node:timers/promises'
import { holdfast } from 'holdfast'
import { sqlite } from 'holdfast/sqlite'

const LEASES = 1_000
const KEPT_MS = 6_000

const folder = mkdtempSync(join(tmpdir(), 'renewal-cost-'))
for (const ttl of [1_000, 3_000, 10_000]) {
  const locks = holdfast(sqlite({ path: join(folder, `${ttl}.db`) }), { ttl })
  await Promise.all(Array.from({ length: LEASES }, (_, index) => locks.acquire(`lease ${index}`)))
  let renewals = 0
  locks.on('renewed', () => (renewals += 1))
  const before = process.cpuUsage()
  await passing(KEPT_MS)
  const { user, system } = process.cpuUsage(before)
  const share = ((user + system) / 1_000 / KEPT_MS) * 100
  process.stdout.write(
    `ttl ${ttl / 1_000} s: ${Math.round(renewals / (KEPT_MS / 1_000))} renewals a second, ${share.toFixed(1)} % of a core\n`,
  )
  await locks.close()
}
rmSync(folder, { recursive: true, force: true })
