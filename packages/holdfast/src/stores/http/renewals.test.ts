/**
 * Renewals of many leases together.
 * @module-tag real-time
 */
import { expect, test } from 'vitest'
import { claim } from '../claims.fixture.ts'
import { ScriptedServer } from './scripted.fixture.ts'

const grant = { kind: 'held', askedAfterMs: 0, lifeMs: 10_000, provisional: false } as const

test('renewals that are too long for one request are sent in several, and answered in their order', async () => {
  await using server = new ScriptedServer()
  await server.begin()
  server.says('renew', (body) => {
    const { renewals } = body as { readonly renewals: readonly { readonly ref: { readonly token: string } }[] }
    return { standings: renewals.map(({ ref }) => ({ ...grant, token: ref.token })) }
  })
  const store = await server.opened()
  const renewals = Array.from({ length: 600 }, (_, index) => {
    const note = index % 6 === 0 ? 'x'.repeat(4_000) : 'short'
    return { ref: { ...claim(`n!${index}`), token: BigInt(index + 1) }, ttlMs: 1_000, note }
  })
  const answers = await store.renew(renewals)
  expect(answers.map((each) => ('kind' in each && each.kind === 'held' ? each.token : 0n))).toEqual(
    renewals.map(({ ref }) => ref.token),
  )
  const sent = server.seen.filter(({ step }) => step === 'renew')
  expect(sent.length).toBeGreaterThan(1)
  expect(sent.every(({ body }) => JSON.stringify(body).length < 256 * 1024)).toBe(true)
})
