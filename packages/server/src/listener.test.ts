/** How a server begins. */
import { expect, test } from 'vitest'
import { holdfast } from 'holdfast'
import { memory } from 'holdfast/memory'
import { lockServer } from './index.ts'

test('a server whose tokens cannot be read listens nowhere', async () => {
  const locks = holdfast(memory())
  const listeners = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPServerWrap').length
  const before = listeners()
  const options = { locks, store: memory(), namespace: 'default', listen: '127.0.0.1:0' }
  await expect(lockServer({ ...options, tokensFile: '/there/is/none' })).rejects.toThrow(/there\/is\/none/)
  await expect.poll(listeners).toBe(before)
  const server = await lockServer(options)
  expect(listeners()).toBe(before + 1)
  await server.close(0)
  await locks.close()
})
