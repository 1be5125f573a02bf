/** In which order the claims of one process stand in a line. */
import { expect, test } from 'vitest'
import { virtualClock } from '../../testing/virtual-clock.ts'
import { claim, held, takeAndLeave } from '../claims.fixture.ts'
import { opened } from '../opened.fixture.ts'
import { MemoryDatabase } from './database.fixture.ts'

test('the claim that tries in vain to take a free line stands before those that its process asks for after it', async () => {
  const [database, clock] = [new MemoryDatabase(), virtualClock()]
  const [store, other] = [await opened(database.store(clock), clock), await opened(database.store(clock), clock)]
  await takeAndLeave(store, 'n!read-once')
  held(await other.enter(claim('n!order')))
  const standings = await Promise.all(Array.from({ length: 100 }, () => store.enter(claim('n!order'))))
  expect(standings.map((standing) => ('ahead' in standing ? standing.ahead : -1))).toEqual(
    standings.map((_, index) => index),
  )
})
