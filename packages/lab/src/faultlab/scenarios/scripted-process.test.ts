/** @module-tag real-time */
import { setImmediate } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import type { ChildProcess } from '@holdfast/testbed/child-processes'
import { Recorder } from '@holdfast/testbed/history'
import { ScriptedProcess } from './scripted-process.ts'

const unhandled: unknown[] = []
const note = (error: unknown): void => void unhandled.push(error)
process.on('unhandledRejection', note)
afterEach(() => process.off('unhandledRejection', note))

test('a process that dies before it stops itself is one error, and none that ends the driver', async () => {
  const dying = Promise.withResolvers<{ code: number; lastWords: string }>()
  const nothing = (): void => undefined
  const member: ChildProcess = {
    name: 'A',
    pid: undefined,
    ended: dying.promise,
    goOn: nothing,
    tell: nothing,
    stop: nothing,
    resume: nothing,
    kill: nothing,
  }
  const scriptedProcess = new ScriptedProcess('A', () => member, new Recorder('nemesis', nothing))
  const stopping = scriptedProcess.stopsBefore({ do: 'write' })
  dying.resolve({ code: 1, lastWords: 'a bug' })
  await expect(stopping).rejects.toThrow('A ended by itself with 1. a bug')
  await setImmediate()
  expect(unhandled).toEqual([])
})
