import { expect, test } from 'vitest'
import { labMain } from './main.ts'

test.each([
  [['run', 'redis://mine'], 'lab run does not take the word "redis://mine"; did you mean --store redis://mine?'],
  [['run', 'redis://user:c4n4ry/x@mine?password=c4n4ry'], 'did you mean --store redis://***@mine?'],
  [['run', 'kill,pause'], 'did you mean --faults kill,pause?'],
  [['run', '20s'], 'did you mean --for 20s?'],
  [['run', 'no-deadline'], 'did you mean --broken no-deadline?'],
  [['run', './mine.mjs'], 'did you mean --lock ./mine.mjs?'],
  [['run', '--for', '1s', 'banana'], 'lab run does not take the word "banana"\n'],
  [['soak', '2'], 'did you mean --hours 2?'],
  [['soak', '--hours', '1', 'redis:'], 'did you mean --store redis:?'],
  [['find-broken', 'no-deadline'], 'did you mean --only no-deadline?'],
  [['find-broken', 'sqlite:'], 'did you mean --store sqlite:?'],
  [['replay', 'paused-holder', 'killed-holder'], 'lab replay does not take the word "killed-holder"\n'],
  [['judge', 'a.ndjson', 'b.ndjson'], 'lab judge does not take the word "b.ndjson"\n'],
])('a word that belongs to no option is refused, with what was meant: %j', async (args, words) => {
  let said = ''
  const stream = { write: (text: string) => (said += text) }
  const code = await labMain({ args, environment: {}, stdout: stream, stderr: stream })
  expect({ code, said }).toEqual({ code: 2, said: expect.stringContaining(words) as string })
  expect(said).not.toContain('c4n4ry')
})
