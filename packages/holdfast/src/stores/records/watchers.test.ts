/** No notice is lost between a look and the next one, and every watch ends. */
import { expect, test } from 'vitest'
import { never } from '../opened.fixture.ts'
import { Watchers } from './watchers.ts'

/** A look that answers what it is told to, when it is told to. */
function slowLook(): { look(): Promise<string | undefined>; answer(news: string | undefined): void; looks(): number } {
  let looks = 0
  let resolve: (news: string | undefined) => void = () => undefined
  return {
    look() {
      looks += 1
      return new Promise((done) => (resolve = done))
    },
    answer: (news) => resolve(news),
    looks: () => looks,
  }
}

test('what changed before a watch began is seen by its first look', async () => {
  expect(await new Watchers().until('a', () => 'news', never)).toBe('news')
})

test('a notice that comes during a look makes it look once more', async () => {
  const watchers = new Watchers()
  const { look, answer, looks } = slowLook()
  const watch = watchers.until('a', look, never)
  for (let notice = 0; notice < 3; notice += 1) watchers.notify('a')
  expect(looks()).toBe(1)
  answer(undefined)
  await Promise.resolve()
  expect(looks()).toBe(2)
  answer('news')
  expect(await watch).toBe('news')
})

test('a notice concerns the watches of its subject, or of its whole line, and no others', () => {
  const watchers = new Watchers()
  const looks: string[] = []
  for (const subject of ['a', 'a 1', 'ab 1']) void watchers.until(subject, () => void looks.push(subject), never)
  looks.length = 0
  watchers.notify('a 1')
  expect(looks).toEqual(['a 1'])
  watchers.notifyLine('a')
  expect(looks).toEqual(['a 1', 'a', 'a 1'])
})

test('a watch ends without news when its signal aborts, when a look fails, and when all end', async () => {
  const watchers = new Watchers()
  const controller = new AbortController()
  const aborted = watchers.until('a', () => undefined, controller.signal)
  controller.abort()
  expect(await aborted).toBe(undefined)
  expect(await watchers.until('a', () => 'news', controller.signal)).toBe(undefined)
  expect(await watchers.until('a', () => Promise.reject(new Error('away')), never)).toBe(undefined)
  const ended = watchers.until('a', () => undefined, never)
  watchers.endAll()
  expect(await ended).toBe(undefined)
})
