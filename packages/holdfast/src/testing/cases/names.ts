/** Different names are different locks, on every engine, whatever it does with text. */
import assert from 'node:assert/strict'
import { NAME_BYTES_MAX } from '../../store/limits.ts'
import { type Case, casesOf, type Context } from '../case.ts'
import { assertStillHeld, hold, refused } from '../steps.ts'

/** Holds all of them together, each once, and none of them twice. */
async function assertDistinct(context: Context, names: readonly string[]): Promise<void> {
  const store = await context.connect()
  const holders = []
  for (const name of names) holders.push(await hold(context, store, { resource: context.resource(name) }))
  for (const name of names) await refused(context, store, { resource: context.resource(name) })
  for (const holder of holders) {
    await assertStillHeld(holder)
    assert.equal(await store.leave(holder.ref), 'left')
  }
}

export const names: readonly Case[] = casesOf('names', [
  {
    name: 'names that differ in case, accents, normal form or blanks are different locks',
    trap: 'a collation that folds case and accents, or ignores blanks at the end',
    run: (context) =>
      assertDistinct(context, [
        'cafe',
        'Cafe',
        'CAFE',
        'café',
        'cafe\u0301',
        'cafe ',
        ' cafe',
        'ﬁ',
        'fi',
        'ß',
        'ss',
        'İ',
        'i',
      ]),
  },
  {
    name: 'a name and its beginnings are different locks',
    trap: 'a name that is cut to the length of a column',
    run: (context) => {
      const long = 'n'.repeat(NAME_BYTES_MAX)
      return assertDistinct(context, ['a', 'aa', 'aaa', 'a:', 'a:b', 'a.b', long, long.slice(1), `${long.slice(1)}m`])
    },
  },
  {
    name: 'the longest name works, at three characters a byte',
    run: (context) => {
      const long = '€'.repeat(Math.floor(NAME_BYTES_MAX / 3))
      return assertDistinct(context, [`${long}1`, `${long}2`, long])
    },
  },
  {
    name: 'names that mean something to an object, a path, a pattern or a command are plain names',
    trap: 'a plain object as a map swallows "__proto__"; a path walks up at ".."',
    run: (context) =>
      assertDistinct(context, [
        '__proto__',
        'constructor',
        'toString',
        'hasOwnProperty',
        '..',
        '.',
        '../..',
        '/',
        'a/b',
        '{a}',
        '{b}',
        '{}',
        '*',
        '%',
        '%25',
        "'; DROP TABLE line; --",
        '\r\n',
        '!',
        '-',
        '0',
        '00',
      ]),
  },
])
