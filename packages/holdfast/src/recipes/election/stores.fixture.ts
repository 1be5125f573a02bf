/** An election on every store of this machine. */
import type { StoreCase } from '../every-store.fixture.ts'
import { untilStopped } from './election.fixture.ts'
import { type Election, election, type Leader } from './index.ts'

function elected(candidate: Election): Promise<bigint> {
  return new Promise((resolve) => {
    const stop = candidate.on('elected', ({ token }) => {
      stop()
      resolve(token)
    })
  })
}

export const electionCase: StoreCase = {
  name: 'the lead changes hands by a resignation and by an eviction, and observers see it',
  async body({ client, expect }) {
    const [here, there] = [client(), client()]
    const one = election(here, 'compactor', { announcement: 'one' })
    const two = election(there, 'compactor', { announcement: 'two' })
    const shutdown = new AbortController()
    const first = elected(one)
    const leading = one.lead(untilStopped, { signal: shutdown.signal })
    const tokens = [await first]
    expect(await two.leader()).toMatchObject({ announcement: 'one', token: tokens[0], isMe: false })

    const seen: Leader[] = []
    const followed = (async () => {
      for await (const leader of election(client(), 'compactor').observe()) {
        if (leader !== null) seen.push(leader)
        if (leader?.announcement === 'two, again') return
      }
    })()
    const second = elected(two)
    let terms = 0
    const work = two.lead(async (term) => {
      terms += 1
      if (terms === 2) await term.proclaim('two, again')
      await untilStopped(term)
    })
    work.catch(() => undefined)
    expect(one.isLeader && !two.isLeader).toBe(true)
    shutdown.abort(new Error('shutting down'))
    await expect(leading).rejects.toThrow('shutting down')
    tokens.push(await second)

    const again = elected(two)
    await new Promise((resolve) => setTimeout(resolve, 150))
    await there.evict('election:compactor', { token: tokens[1] ?? 0n, reason: 'a test' })
    tokens.push(await again)
    await followed
    expect(tokens).toEqual(tokens.toSorted((a, b) => (a < b ? -1 : 1)))
    expect(new Set(tokens).size).toBe(3)
    expect(seen.at(-1)).toMatchObject({ announcement: 'two, again', token: tokens[2] })
    expect(one.isLeader).toBe(false)
  },
}
