/** A holder that is killed, a lock file that is deleted, a release that does not ask whose lock it is. */
import { setTimeout as sleep } from 'node:timers/promises'
import { rmSync } from 'node:fs'
import { STORE } from '../faults/fault-target.ts'
import { lockFileOf } from '../faults/sqlite-faults.ts'
import { holdfastLock, type Scenario, type Shown, shown, type Take } from './scenario.ts'

const LONG_TTL_MS = 30_000
/** A waiter looks for the dead every 100 ms; the rest is for a busy machine. */
const AT_ONCE_MS = 2_000

export const killedHolder: Scenario = {
  foundBy: 'everybody who waited a whole lease after a crash, as in awslabs/amazon-dynamodb-lock-client #34 and #44',
  shows:
    'on one machine the end of a process is a fact that can be looked up: its lock is free at once, not after the lease',
  takes: [
    {
      title: 'a lease of 30 s, and kill -9',
      guard: true,
      lock: holdfastLock,
      ttlMs: LONG_TTL_MS,
      async play(setup): Promise<readonly Shown[]> {
        const [a, b] = [await setup.scriptedProcess('A'), await setup.scriptedProcess('B')]
        const first = await a.does({ do: 'acquire', waitMs: 0 })
        const waiting = b.does({ do: 'acquire', waitMs: LONG_TTL_MS })
        const queued = await setup.finds((event) => event.p === 'B' && event.out?.['standing'] === 'queued')
        const startMs = performance.now()
        await a.kill()
        const second = await waiting
        const afterMs = Math.round(performance.now() - startMs)
        await b.does({ do: 'release' })
        await b.leaves()
        return [
          shown('B stands in line before A is killed', queued !== undefined, queued === undefined ? 'no' : 'yes'),
          shown(
            'the waiter gets the lock long before the lease is over',
            second.ok && afterMs < AT_ONCE_MS,
            `${afterMs} ms`,
          ),
          shown('its token is larger', BigInt(second.text) > BigInt(first.text), `${first.text}, then ${second.text}`),
        ]
      },
    },
  ],
}

const DELETED_TTL_MS = 4_500

export const deletedFile: Scenario = {
  foundBy: 'the SQLite documentation, "How To Corrupt An SQLite Database File", on unlinking a file in use',
  shows:
    'who deletes the lock file gives the lock away twice; tokens go on rising, and the guard refuses the first holder',
  takes: [
    {
      title: 'the file is deleted while A holds',
      guard: true,
      lock: holdfastLock,
      ttlMs: DELETED_TTL_MS,
      async play(setup): Promise<readonly Shown[]> {
        const [a, b] = [await setup.scriptedProcess('A'), await setup.scriptedProcess('B')]
        const first = await a.does({ do: 'acquire', waitMs: 0 })
        await a.does({ do: 'enter' })
        await a.does({ do: 'read' })
        setup.note('wipe', STORE)
        for (const suffix of ['', '-wal', '-shm']) rmSync(`${lockFileOf(setup.lockFileUrl)}${suffix}`, { force: true })
        const second = await b.does({ do: 'acquire', waitMs: 0 })
        const stillHeld = await a.does({ do: 'is-held' })
        await b.does({ do: 'enter' })
        const late = await a.does({ do: 'write' })
        await sleep(DELETED_TTL_MS)
        const told = await a.does({ do: 'is-held' })
        for (const each of [a, b]) await each.leaves()
        const rises = second.ok && BigInt(second.text) > BigInt(first.text)
        return [
          shown(
            'B holds while A still believes that it does',
            second.ok && stillHeld.text === 'true',
            `A: ${stillHeld.text}`,
          ),
          shown('the token of B is larger all the same', rises, `${first.text}, then ${second.text}`),
          shown('the database refuses A', late.text === 'STALE_TOKEN', late.text),
          shown('A is told within a lease', told.text === 'false', `isHeld: ${told.text}`),
        ]
      },
    },
  ],
}

const OWNER_TTL_MS = 500

/** A is stopped past its lease, B takes over, A wakes up and releases, C asks. */
const lateRelease = (broken: boolean): Take => ({
  title: broken ? 'a lock without owner check (SET NX, then DEL)' : 'Holdfast',
  guard: true,
  ttlMs: OWNER_TTL_MS,
  lock: broken ? { kind: 'broken', name: 'no-owner-check' } : holdfastLock,
  async play(setup): Promise<readonly Shown[]> {
    const [a, b, c] = [
      await setup.scriptedProcess('A'),
      await setup.scriptedProcess('B'),
      await setup.scriptedProcess('C'),
    ]
    await a.does({ do: 'acquire', waitMs: 0 })
    a.stop()
    await b.does({ do: 'acquire', waitMs: 20 * OWNER_TTL_MS })
    a.goOn()
    const released = await a.does({ do: 'release' })
    const third = await c.does({ do: 'acquire', waitMs: 0 })
    const held = await b.does({ do: 'is-held' })
    for (const each of [a, b, c]) await each.leaves()
    const two = third.ok && held.text === 'true'
    return broken
      ? [
          shown(
            'the release of A frees the lock of B, and C holds beside B',
            two,
            `A: ${released.text}, B: ${held.text}, C: ${third.text}`,
          ),
        ]
      : [
          shown('A is told that its lease was over', released.text === 'expired', released.text),
          shown(
            'B goes on holding, and C does not get the lock',
            !third.ok && held.text === 'true',
            `C: ${third.text}`,
          ),
        ]
  },
})

export const foreignRelease: Scenario = {
  foundBy: 'the Redis documentation of SET, which warns of it; seen again and again in home-made locks',
  shows: 'a release that does not compare the owner frees the lock of somebody else, and the next one does the same',
  takes: [lateRelease(false), lateRelease(true)],
}
