/** What a process of a test does that takes and leaves one lock again and again, and writes the token of each turn while it holds. */
import { appendFileSync } from 'node:fs'
import type { Store } from '../store/store.ts'
import { again, claim, turnOf } from './claims.fixture.ts'
import { opened } from './opened.fixture.ts'

/** The words of the command line behind the URL: RESOURCE FILE TURNS HEARTBEAT_MS. */
export async function takeTurns(
  engine: Store,
  [resource = '', file = '', turns, heartbeatMs]: readonly string[],
): Promise<void> {
  const store = await opened(engine)
  for (let turn = 0; turn < Number(turns); turn += 1) {
    const asked = claim(resource)
    const { token } = await turnOf(store, asked, Number(heartbeatMs))
    appendFileSync(file, `${token}\n`)
    await again(() => store.leave({ resource, id: asked.id, token }))
  }
  await store.close()
}
