/**
 * A process that takes and leaves one lock again and again, and writes the token of each turn to a file while it holds:
 * `node child.fixture.ts URL RESOURCE FILE TURNS`.
 */
import { appendFileSync } from 'node:fs'
import { claim, turnOf } from '../claims.fixture.ts'
import { opened } from '../opened.fixture.ts'
import { postgres } from './index.ts'

const [, , url = '', resource = '', file = '', turns] = process.argv
const store = await opened(postgres(url))
for (let turn = 0; turn < Number(turns); turn += 1) {
  const asked = claim(resource)
  const { token } = await turnOf(store, asked, 300)
  appendFileSync(file, `${token}\n`)
  await store.leave({ resource, id: asked.id, token })
}
await store.close()
