/** Values in the place of their signs, and of nothing else. */
import { expect, test } from 'vitest'
import { withValues } from './literals.ts'

test('values stand in their places as texts, also several times and past the ninth', () => {
  const values = Array.from({ length: 10 }, (_, index) => `v${index + 1}`)
  expect(withValues('SELECT $1, $10::bigint, $1', values)).toBe('SELECT $h$v1$h$, $h$v10$h$::bigint, $h$v1$h$')
})

test('a sign inside of a name, a text or a text between dollars is no place', () => {
  const text = `SELECT '$1', "li'ne""$1", $h$ $1 'x $h$, $h1a$ $h$ $1 $h1a$, $$ $1 $$ FROM t WHERE a = $1`
  expect(withValues(text, ['v'])).toBe(text.replace(/\$1$/, '$h$v$h$'))
})

test('a value cannot end its own text, and is not read again for places', () => {
  const told = withValues('SELECT $1, $2', ["$h$; DROP TABLE t; -- '$2'", 'b'])
  expect(told).toMatch(/^SELECT (\$h[0-9a-f]{8}\$)\$h\$; DROP TABLE t; -- '\$2'\1, \$h\$b\$h\$$/)
})
