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
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { WakeFiles } from './wake-files.ts'
import { folder } from './processes.fixture.ts'

type Heard = readonly string[] | undefined

/** A bell, and what it was rung for, one ring after the other. */
function hang(path: string, own: string): { readonly bells: WakeFiles; readonly next: () => Promise<Heard> } {
  const heard: Heard[] = []
  let notify: () => void = () => undefined
  const bells = new WakeFiles({
    folder: path,
    own,
    onRing: (subjects) => {
      heard.push(subjects)
      notify()
    },
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
  const { bells: ringer } = hang(path, '1.1.1.a')
  const { next } = hang(path, '2.2.2.b')
  ringer.ring('2.2.2.b', 'test!lock id')
  ringer.ring('2.2.2.b', 'test!other')
  const heard: string[] = []
  while (heard.length < 2) heard.push(...((await next()) ?? []))
  expect(heard).toEqual(['test!lock id', 'test!other'])
})

test('a line that is still being written is heard when it is whole', async () => {
  const path = folder()
  const { next } = hang(path, '1.1.1.a')
  appendFileSync(join(path, '1.1.1.a'), 'test!lock')
  appendFileSync(join(path, '1.1.1.a'), ' id\n')
  expect(await next()).toEqual(['test!lock id'])
})

test('a bell that was rung too often is emptied, and says to look at everything', async () => {
  const path = folder()
  const { next } = hang(path, '1.1.1.a')
  appendFileSync(join(path, '1.1.1.a'), 'test!lock\n'.repeat(10_000))
  let heard: Heard = []
  while (heard !== undefined) heard = await next()
  expect(statSync(join(path, '1.1.1.a')).size).toBe(0)
  appendFileSync(join(path, '1.1.1.a'), 'test!after\n')
  do heard = await next()
  while (heard?.includes('test!after') !== true)
})

test('a bell that somebody removed is hung again, and says to look at everything', async () => {
  const path = join(folder(), 'bells')
  const { bells: ringer } = hang(path, '1.1.1.a')
  const { next } = hang(path, '2.2.2.b')
  rmSync(path, { recursive: true })
  expect(await next()).toBe(undefined)
  expect(existsSync(join(path, '2.2.2.b'))).toBe(true)
  ringer.ring('2.2.2.b', 'test!lock')
  expect(await next()).toEqual(['test!lock'])
})

test('a bell of a process that is gone is not made anew by ringing it', () => {
  const path = folder()
  const { bells } = hang(path, '1.1.1.a')
  bells.ring('2.2.2.b', 'test!lock')
  expect(readdirSync(path)).toEqual(['1.1.1.a'])
})

test('what is no channel is not made into a path', () => {
  const path = folder()
  const target = join(path, 'target')
  writeFileSync(target, '')
  mkdirSync(join(path, 'bells'))
  const { bells } = hang(join(path, 'bells'), '1.1.1.a')
  for (const channel of ['../target', '..', '/etc/passwd', '']) bells.ring(channel, 'test!lock')
  expect(readFileSync(target, 'utf8')).toBe('')
})

test('bells of the dead are swept, others and other files stay', () => {
  const path = folder()
  for (const name of ['2.2.2.dead', '3.3.3.alive', 'README']) writeFileSync(join(path, name), '')
  const { bells } = hang(path, '1.1.1.a')
  bells.sweep((channel) => channel.endsWith('dead') || channel === 'README')
  expect(readdirSync(path).toSorted()).toEqual(['1.1.1.a', '3.3.3.alive', 'README'])
})

test('a closed bell is taken down', () => {
  const path = folder()
  const { bells } = hang(path, '1.1.1.a')
  bells.close()
  expect(readdirSync(path)).toEqual([])
})

test('where no bell can be hung, that is an answer and no error', () => {
  const file = join(folder(), 'file')
  writeFileSync(file, '')
  const bells = new WakeFiles({ folder: file, own: '1.1.1.a', onRing: () => undefined })
  expect(bells.open()).toBe(false)
  bells.ring('2.2.2.b', 'test!lock')
  bells.close()
})
