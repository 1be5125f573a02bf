/**
 * Who took and ended what: the lines of the audit, and what happens when they cannot be written.
 *
 * @module-tag real-time
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { holdfast, type Locks } from 'holdfast'
import { memory } from 'holdfast/memory'
import { type LockServer, lockServer, type LockServerOptions } from './index.ts'

const SECRET = 'hf_operator'
const newId = (): string => crypto.randomUUID().replaceAll('-', '')

let folder: string
let locks: Locks
let server: LockServer | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-audit-'))
  locks = holdfast(memory())
})
afterEach(async () => {
  await server?.close(0)
  await locks.close()
  rmSync(folder, { recursive: true })
})

async function serve(options: Partial<LockServerOptions>): Promise<void> {
  const tokensFile = join(folder, 'tokens')
  const line = `${createHash('sha256').update(SECRET).digest('hex')} read,lock,operate * ops\n`
  writeFileSync(tokensFile, line, { mode: 0o600 })
  server = await lockServer({ locks, namespace: 'default', listen: '127.0.0.1:0', tokensFile, ...options })
}

async function post(path: string, body: object, secret = SECRET): Promise<{ status: number; body: unknown }> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${secret}` }
  const answer = await fetch(`${server?.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  return { status: answer.status, body: await answer.json() }
}

const linesOf = (path: string): readonly unknown[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line))

test('a lock that is taken, an eviction and a refusal have a line each, with who did it and no secret', async () => {
  const auditFile = join(folder, 'audit.ndjson')
  await serve({ auditFile })
  const [id, session] = [newId(), newId()]
  const { body } = await post('/v1/locks/seat/acquire', { id, note: 'batch 7' })
  await post('/v1/locks/seat/acquire', { id })
  const { token } = body as { readonly token: string }
  await post('/v1/locks/seat/evict', { token, reason: 'host "db3"\nis gone' })
  await post('/v1/locks/seat/evict', { token, reason: 'again' })
  await post('/v1/sessions', { id: session })
  await post('/v1/sessions/end', { id: session })
  for (let times = 0; times < 5; times += 1) await post('/v1/sessions', { id: session }, 'hf_guess')
  const by = { at: expect.stringMatching(/^\d{4}-.*Z$/) as string, by: 'ops', scopes: ['read', 'lock', 'operate'] }
  expect(linesOf(auditFile)).toEqual([
    { ...by, event: 'acquired', name: 'seat', token },
    { ...by, event: 'evict', name: 'seat', token, reason: 'host "db3"\nis gone' },
    { ...by, event: 'evicted', name: 'seat', token },
    { ...by, event: 'evict', name: 'seat', token, reason: 'again' },
    { ...by, event: 'not_evicted', name: 'seat', token },
    { ...by, event: 'session_ended' },
    { at: by.at, event: 'refused', reason: 'UNAUTHENTICATED', count: 1 },
  ])
  for (const secret of [id, session, SECRET, 'hf_guess']) expect(readFileSync(auditFile, 'utf8')).not.toContain(secret)
  expect(statSync(auditFile).mode & 0o777).toBe(0o600)
})

test('on a full disk nothing is evicted and the operator is told, and locks are lent all the same', async ({
  skip,
}) => {
  if (!existsSync('/dev/full')) return skip('there is no /dev/full on this machine')
  const told: string[] = []
  await serve({ auditFile: '/dev/full', onAuditTrouble: ({ message }) => told.push(message) })
  const { status, body } = await post('/v1/locks/seat/acquire', { id: newId() })
  expect(status).toBe(200)
  const { token } = body as { readonly token: string }
  const refused = await post('/v1/locks/seat/evict', { token, reason: 'gone' })
  expect(refused).toMatchObject({ status: 503, body: { code: 'AUDIT_FAILED', retryable: false } })
  expect((await locks.inspect('seat')).claims.map(({ state }) => state)).toEqual(['held'])
  // Once, although two lines are missing.
  expect(told).toEqual([expect.stringContaining('ENOSPC')])
})

test('a file that was moved away is begun anew, and a token that was taken out of its file asks in vain', async () => {
  const auditFile = join(folder, 'audit.ndjson')
  await serve({ auditFile })
  await post('/v1/locks/one/acquire', { id: newId() })
  renameSync(auditFile, `${auditFile}.1`)
  server?.reload()
  await post('/v1/locks/two/acquire', { id: newId() })
  expect([linesOf(`${auditFile}.1`), linesOf(auditFile)]).toMatchObject([[{ name: 'one' }], [{ name: 'two' }]])
  writeFileSync(join(folder, 'tokens'), '# none\n')
  server?.reload()
  expect((await post('/v1/locks/three/acquire', { id: newId() })).status).toBe(401)
  writeFileSync(join(folder, 'tokens'), 'nonsense\n')
  expect(() => server?.reload()).toThrow('line 1 of the token file must be')
})

test('a server that cannot open its audit file does not begin', async () => {
  await expect(serve({ auditFile: join(folder, 'nowhere', 'audit') })).rejects.toThrow('ENOENT')
})
