/**
 * What a program without TypeScript meets: a real server, a real curl, a real Python.
 *
 * @module-tag real-time
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Ended, Running, Sandbox } from './fixture.ts'

const EXAMPLES = join(import.meta.dirname, '../../../examples/http')

let box: Sandbox
let url: string
let server: Running

beforeEach(async () => {
  box = new Sandbox()
  server = box.start(['serve', '--listen', '127.0.0.1:0', '--drain', '5s'])
  const [, address = ''] = await server.says(/listening on (\S+)/)
  url = address
})
afterEach(() => box.close())

function ran(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const env = { PATH: process.env['PATH'], HOLDFAST_URL: url, ...environment }
  return new Running(spawn(command, args, { cwd: box.folder, stdio: ['ignore', 'pipe', 'pipe'], env })).ended
}

function curl(path: string, body: object): Promise<Ended> {
  return ran('curl', ['-s', '-w', '%{http_code}', '--json', JSON.stringify(body), `${url}/v1/locks/${path}`])
}

test('a shell script takes a lock with curl, is refused while it is busy, and gives it back', async () => {
  const id = 'a'.repeat(32)
  const taken = await curl('nightly/acquire', { id, ttlMs: 10_000 })
  expect(taken.stdout).toMatch(/"standing":"held".*200$/)
  const refused = await ran(join(EXAMPLES, 'lock.sh'), ['nightly', 'echo'])
  expect([refused.code, refused.stderr]).toEqual([75, expect.stringContaining('WAIT_TIMEOUT')])
  expect((await box.run(['run', '--no-wait', 'nightly', '--', 'true'])).code).toBe(75)
  expect((await curl('nightly/release', { id })).stdout).toMatch(/"released".*200$/)
  const worked = await ran(join(EXAMPLES, 'lock.sh'), ['nightly', 'echo'], { STEPS: '2' })
  expect([worked.code, worked.stdout, worked.stderr]).toEqual([0, '1\n2\n', ''])
  expect((await box.inspect('nightly')).claims).toEqual([])
})

test('a Python program takes the lock with the token that guards check', async () => {
  const { code, stdout, stderr } = await ran('python3', [join(EXAMPLES, 'lock.py')])
  expect([code, stderr]).toEqual([0, ''])
  expect((await box.inspect('nightly')).lastToken).toBe(stdout.trim())
})

test('a server that is killed leaves the lock to the program that may still believe', async () => {
  await curl('nightly/acquire', { id: 'b'.repeat(32), ttlMs: 60_000 })
  server.kill('SIGKILL')
  await server.ended
  expect((await box.run(['run', '--wait', '500ms', 'nightly', '--', 'true'])).code).toBe(75)
})

test('Ctrl-C lends nothing more, lets a program give back, and then ends', async () => {
  const id = 'c'.repeat(32)
  await curl('nightly/acquire', { id })
  server.kill('SIGINT')
  await expect.poll(async () => (await ran('curl', ['-s', `${url}/readyz`])).stdout).toContain('"draining":true')
  expect((await curl('other/acquire', { id: 'd'.repeat(32) })).stdout).toMatch(/DRAINING.*503$/)
  expect((await curl('nightly/release', { id })).stdout).toMatch(/"released".*200$/)
  expect(await server.ended).toMatchObject({ code: 130, stderr: '' })
})

test('an end that cannot wait for a program leaves it its lock', async () => {
  const hasty = box.start(['serve', '--listen', '127.0.0.1:0', '--drain', '100ms'])
  const [, address = ''] = await hasty.says(/listening on (\S+)/)
  url = address
  await curl('nightly/acquire', { id: 'e'.repeat(32), ttlMs: 60_000 })
  hasty.kill('SIGINT')
  expect(await hasty.ended).toMatchObject({ code: 130, stderr: expect.stringContaining('not given back') as unknown })
  expect((await box.run(['run', '--wait', '500ms', 'nightly', '--', 'true'])).code).toBe(75)
})

test('a command takes the locks of the server by its URL, beside those that are lent', async () => {
  const id = 'f'.repeat(32)
  await curl('nightly/acquire', { id })
  const over = (name: string): Promise<Ended> =>
    box.run(['run', '--no-wait', '--store', url, name, '--', 'echo', 'ran'])
  expect((await over('nightly')).code).toBe(75)
  expect(await over('other')).toMatchObject({ code: 0, stdout: 'ran\n', stderr: '' })
})

test('an address beyond this machine is refused without tokens', async () => {
  const { code, stderr } = await box.run(['serve', '--listen', '0.0.0.0:0'])
  expect([code, stderr]).toEqual([2, expect.stringContaining('--tokens')])
})

test('SIGHUP makes it read its files again, and a certificate without its key is refused', async () => {
  const audited = box.start(['serve', '--listen', '127.0.0.1:0', '--audit', box.path('audit.ndjson')])
  const [, address = ''] = await audited.says(/listening on (\S+)/)
  url = address
  await curl('nightly/acquire', { id: 'f'.repeat(32) })
  expect(box.read('audit.ndjson')).toContain('"event":"acquired","by":"this machine"')
  audited.kill('SIGHUP')
  await audited.says(/its files were read again/)
  await curl('nightly/release', { id: 'f'.repeat(32) })
  audited.kill('SIGTERM')
  expect((await audited.ended).code).toBe(143)
  const { code, stderr } = await box.run(['serve', '--tls-cert', 'cert.pem'])
  expect([code, stderr]).toEqual([2, expect.stringContaining('--tls-cert and --tls-key go together')])
})
