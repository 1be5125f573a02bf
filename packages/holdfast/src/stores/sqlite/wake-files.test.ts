/**
 * Bells: they wake, they may be lost, and losing them harms nothing.
 * @module-tag real-time
 */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../time/clock.ts'
import { trusting } from './ownership.ts'
import { folder } from './processes.fixture.ts'
import { WakeFiles } from './wake-files.ts'

type Heard = readonly string[] | undefined

function bellsIn(path: string, own: string, onRing: (subjects: Heard) => void = () => undefined): WakeFiles {
  return new WakeFiles({ folder: path, own, isTrusted: trusting([]), isShared: false, onRing })
}

/** A bell, and what it was rung for, one ring after the other. */
function hang(path: string, own: string): { readonly bells: WakeFiles; readonly next: () => Promise<Heard> } {
  const heard: Heard[] = []
  let notify: () => void = () => undefined
  const bells = bellsIn(path, own, (subjects) => {
    heard.push(subjects)
    notify()
  })
  onTestFinished(() => bells.close())
  expect(bells.open()).toBe(true)
  const next = async (): Promise<Heard> => {
    while (heard.length === 0) await new Promise<void>((resolve) => (notify = resolve))
    return heard.shift()
  }
  return { bells, next }
}

test('a bell is heard with what it was rung for, in order', async () => {
  const path = folder()
  const { bells: ringer } = hang(path, '1.1.1.1.a')
  const { next } = hang(path, '2.2.2.2.b')
  ringer.ring('2.2.2.2.b', 'test!lock id')
  ringer.ring('2.2.2.2.b', 'test!other')
  const heard: string[] = []
  while (heard.length < 2) heard.push(...((await next()) ?? []))
  expect(heard).toEqual(['test!lock id', 'test!other'])
})

test('a line that is still being written is heard when it is whole', async () => {
  const path = folder()
  const { next } = hang(path, '1.1.1.1.a')
  appendFileSync(join(path, '1.1.1.1.a'), 'test!lock')
  appendFileSync(join(path, '1.1.1.1.a'), ' id\n')
  expect(await next()).toEqual(['test!lock id'])
})

test('a bell that was rung too often is emptied, and says to look at everything', async () => {
  const path = folder()
  const { next } = hang(path, '1.1.1.1.a')
  appendFileSync(join(path, '1.1.1.1.a'), 'test!lock\n'.repeat(10_000))
  let heard: Heard = []
  while (heard !== undefined) heard = await next()
  expect(statSync(join(path, '1.1.1.1.a')).size).toBe(0)
  appendFileSync(join(path, '1.1.1.1.a'), 'test!after\n')
  do heard = await next()
  while (heard?.includes('test!after') !== true)
})

test('a bell that somebody removed is hung again, and says to look at everything', async () => {
  const path = join(folder(), 'bells')
  const { bells: ringer } = hang(path, '1.1.1.1.a')
  const { next } = hang(path, '2.2.2.2.b')
  rmSync(path, { recursive: true })
  expect(await next()).toBe(undefined)
  expect(existsSync(join(path, '2.2.2.2.b'))).toBe(true)
  ringer.ring('2.2.2.2.b', 'test!lock')
  expect(await next()).toEqual(['test!lock'])
})

test('a bell of a process that is gone is not made anew by ringing it', () => {
  const path = folder()
  const { bells } = hang(path, '1.1.1.1.a')
  bells.ring('2.2.2.2.b', 'test!lock')
  expect(readdirSync(path)).toEqual(['1.1.1.1.a'])
})

test('what is no channel is not made into a path', () => {
  const path = folder()
  const target = join(path, 'target')
  writeFileSync(target, '')
  mkdirSync(join(path, 'bells'))
  const { bells } = hang(join(path, 'bells'), '1.1.1.1.a')
  for (const channel of ['../target', '..', '/etc/passwd', '']) bells.ring(channel, 'test!lock')
  expect(readFileSync(target, 'utf8')).toBe('')
})

test('bells of the dead are swept, others and other files stay', () => {
  const path = folder()
  for (const name of ['2.2.2.2.dead', '3.3.3.3.a11fe', 'README']) writeFileSync(join(path, name), '')
  const { bells } = hang(path, '1.1.1.1.a')
  bells.sweep((channel) => channel.endsWith('dead') || channel === 'README', systemClock.wallMs())
  expect(readdirSync(path).toSorted()).toEqual(['1.1.1.1.a', '3.3.3.3.a11fe', 'README'])
})

test('a bell that nobody can judge is swept once nobody rang for it in a week', () => {
  const path = folder()
  const { bells } = hang(path, '1.1.1.1.a')
  for (const name of ['2.2.2.2.c01d', '3.3.3.3.bad']) writeFileSync(join(path, name), '')
  const nowMs = systemClock.wallMs()
  utimesSync(join(path, '2.2.2.2.c01d'), 0, nowMs / 1000 - 8 * 86_400)
  utimesSync(join(path, '3.3.3.3.bad'), 0, nowMs / 1000 - 6 * 86_400)
  bells.sweep(() => false, nowMs)
  expect(readdirSync(path).toSorted()).toEqual(['1.1.1.1.a', '3.3.3.3.bad'])
})

test('a closed bell is taken down', () => {
  const path = folder()
  const { bells } = hang(path, '1.1.1.1.a')
  bells.close()
  expect(readdirSync(path)).toEqual([])
})

test('where no bell can be hung, that is an answer and no error', () => {
  const file = join(folder(), 'file')
  writeFileSync(file, '')
  const bells = bellsIn(file, '1.1.1.1.a')
  expect(bells.open()).toBe(false)
  bells.ring('2.2.2.2.b', 'test!lock')
  bells.close()
})
