/** A guarded register in an SQL database, for the guard contract: what is the same whatever the driver and the dialect are. */
import type { Fenced } from '../../lease/lease.ts'
import type { Change, Commit, GuardedRegister, WriteHooks } from '../../testing/guard-contract.ts'
import type { SqlFence } from './fence.ts'

/** One statement without parameters; its rows. */
export type RowsOf = (text: string) => Promise<readonly Readonly<Record<string, unknown>>[]>

export interface RegisterParts<Tx> {
  readonly guard: SqlFence<Tx>
  /** Outside of any transaction. */
  readonly rows: RowsOf
  /** Inside of one that the guard has opened. */
  rowsIn(tx: Tx): RowsOf
  /** A transaction of the caller, in it a nested one that is rolled back, then the rest. */
  nested(inside: (tx: Tx) => Promise<void>, after: (rows: RowsOf) => Promise<void>): Promise<void>
  /** The guard lets the holder pass in it. */
  within(holder: Fenced, tx: Tx): Promise<void>
  /** Resolves when some session waits for a lock of another. */
  someoneWaits(): Promise<void>
}

export function registerOver<Tx>(parts: RegisterParts<Tx>, prefix: string): GuardedRegister {
  const { guard, rows, rowsIn } = parts
  const read = async (key: string): Promise<number> => {
    const [row] = await rows(`SELECT value FROM ${prefix}register WHERE name = '${key}'`)
    return Number(row?.['value'] ?? 0)
  }
  const meanwhile = async (hooks: WriteHooks): Promise<void> => {
    const other = hooks.meanwhile?.()
    if (other !== undefined) await Promise.race([other, parts.someoneWaits()])
  }
  return {
    enter: (holder) => guard.enter(holder),
    check: (holder) => guard.check(holder),
    read,
    async enterAndRead(holder, key) {
      await guard.enter(holder)
      return await read(key)
    },
    async write(holder, change, hooks = {}) {
      await guard.run(holder, async (tx) => {
        hooks.before?.()
        await meanwhile(hooks)
        await store(rowsIn(tx), prefix, holder, change)
        hooks.after?.()
      })
    },
    async writeAfterNestedRollback(holder, change, hooks = {}) {
      await parts.nested(
        (tx) => parts.within(holder, tx),
        async (rowsAfter) => {
          await meanwhile(hooks)
          await store(rowsAfter, prefix, holder, change)
        },
      )
    },
  }
}

/** The row of the register first: it holds up other writers until the commit, so the history is in the order of commits. */
async function store(rows: RowsOf, prefix: string, { token }: Fenced, { key, based, value }: Change): Promise<void> {
  await rows(`UPDATE ${prefix}register SET value = ${value} WHERE name = '${key}'`)
  await rows(`INSERT INTO ${prefix}history (name, based, value, token) VALUES ('${key}', ${based}, ${value}, ${token})`)
}

export async function commitsIn(rows: RowsOf, prefix: string): Promise<readonly Commit[]> {
  const found = await rows(`SELECT name, based, value, token FROM ${prefix}history ORDER BY seq`)
  return found.map((row) => ({
    key: String(row['name']),
    based: Number(row['based']),
    value: Number(row['value']),
    token: BigInt(String(row['token'])),
  }))
}
