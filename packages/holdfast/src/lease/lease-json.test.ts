import { expect, test } from 'vitest'
import { holdfast } from '../holdfast.ts'
import { memory } from '../stores/memory/index.ts'

test('the token goes through JSON as text, of a lease and of the same lease inside its own using', async () => {
  const locks = holdfast(memory())
  await locks.using('seat:14A', async (lease) => {
    const inner = await locks.acquire('seat:14A', { reentrant: true })
    for (const { token, tokenText } of [lease, inner]) {
      expect(tokenText).toBe(token.toString(10))
      expect(BigInt((JSON.parse(JSON.stringify({ tokenText })) as { tokenText: string }).tokenText)).toBe(lease.token)
    }
    expect(() => JSON.stringify({ token: lease.token })).toThrow(TypeError)
    expect((JSON.parse(JSON.stringify({ lease })) as { lease: { token: string } }).lease.token).toBe(lease.tokenText)
  })
  await locks.close()
})
