/** The JSON Schema of what the commands print: the documents of all other tests here are held against it by their fixture. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { complaintsOf, documentComplaints } from './documents.fixture.ts'
import { Sandbox } from './fixture.ts'

let sandbox: Sandbox
beforeEach(() => {
  sandbox = new Sandbox()
})
afterEach(() => sandbox.close())

it('is printed by schema documents, and finds a field too few, one too many and a token that is a number', async () => {
  const { stdout } = await sandbox.talk(['schema', 'documents'], [])
  expect(JSON.parse(stdout)).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema' })
  const held = { namespace: 'default', name: 'job', token: '7', sequencer: 'default/job/exclusive/7' }
  const complaints = (document: object): number => complaintsOf('hold', JSON.stringify(document)).length
  expect(complaints(held)).toBe(0)
  expect(complaints({ ...held, token: 7 })).toBe(1)
  expect(complaints({ ...held, token: undefined })).toBe(1)
  expect(complaints({ ...held, more: 1 })).toBe(1)
})

it('knows each message by its event, behind the words of the command itself', () => {
  const stderr = 'from the command\n{"event":"opening","message":"waiting for the store"}\n'
  expect(documentComplaints(['--json', 'run', 'job', '--', 'true'], { stdout: 'anything', stderr })).toEqual([])
  const unknown = '{"event":"sneezed","message":"…"}\n'
  expect(documentComplaints(['--json', 'run', 'job', '--', 'true'], { stdout: '', stderr: unknown })).toHaveLength(1)
})

it('has every event that the sources name', () => {
  const folder = import.meta.dirname
  const schema = readFileSync(join(folder, '..', 'schemas', 'documents.json'), 'utf8')
  const sources = readdirSync(folder).filter((file) => !/test\.ts$|fixture\.ts$/.test(file))
  const events = sources.flatMap((file) =>
    Array.from(readFileSync(join(folder, file), 'utf8').matchAll(/event: '(\w+)'/g), ([, event = '']) => event),
  )
  expect(events.length).toBeGreaterThan(20)
  expect(events.filter((event) => !schema.includes(`"${event}"`))).toEqual([])
})
