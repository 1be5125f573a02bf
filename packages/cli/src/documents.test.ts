/** The JSON Schema of what the commands print: the documents of all other tests here are held against it by their fixture. */
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
