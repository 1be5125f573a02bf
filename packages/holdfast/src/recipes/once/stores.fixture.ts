/** Once-only work on every store of this machine. */
import { DatabaseSync } from 'node:sqlite'
import { ledger } from '../../guards/sqlite/index.ts'
import type { StoreCase } from '../every-store.fixture.ts'
import { once } from './index.ts'

export const onceCase: StoreCase = {
  name: 'a key is done once by two clients, and its outcome is remembered',
  async body({ client, expect }) {
    const options = { ledger: ledger(new DatabaseSync(':memory:')), interrupted: 'refuse' } as const
    const [here, there] = [client(), client()].map((locks) => once(locks, 'payments', options))
    if (here === undefined || there === undefined) throw new Error('no client')
    let runs = 0
    const work = (): Promise<number> => Promise.resolve((runs += 1))
    expect(await Promise.all([here.run('order', work), there.run('order', work), here.run('order', work)])).toEqual([
      1, 1, 1,
    ])
    await expect(
      there.run('broken', async ({ token }) => {
        expect(await there.look('broken')).toMatchObject({ state: 'running', token })
        throw new Error('declined')
      }),
    ).rejects.toThrow('declined')
    expect(await here.run('broken', ({ attempt }) => attempt)).toBe(2)
    expect(await there.look('order')).toMatchObject({ state: 'done' })
    expect(runs).toBe(1)
  },
}
