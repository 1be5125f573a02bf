/** A guarded register in files, for the guard contract: the order of its commits is that of the versions. */
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../time/clock.ts'
import type { Commit, GuardedRegister, GuardedResource } from '../../testing/guard-contract.ts'
import { fence, flockFence } from './index.ts'

const DATA = { namespace: 'contract', name: 'stock' }

/** The value is the last change as JSON. */
export async function registerOfMarkers(clock: Clock): Promise<GuardedResource> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-files-'))
  const commits: Commit[] = []
  const guard = fence(folder, { clock })
  const read = async (): Promise<number> => {
    const entry = await guard.read(DATA)
    return entry === null ? 0 : (JSON.parse(entry.value.toString()) as { readonly value: number }).value
  }
  const register: GuardedRegister = {
    enter: async (holder) => await guard.enter(holder),
    check: async (holder) => await guard.check(holder),
    read,
    async enterAndRead(holder) {
      await guard.enter(holder)
      return await read()
    },
    async write(holder, change) {
      await guard.write(holder, JSON.stringify(change))
      commits.push({ ...change, token: holder.token })
    },
  }
  return {
    connect: async () => register,
    commits: async () => commits.toSorted((one, other) => (one.token < other.token ? -1 : 1)),
    close: async () => await rm(folder, { recursive: true, force: true }),
  }
}

/** One file, and one of its history, both written under the lock. */
export async function registerOfLocks(clock: Clock): Promise<GuardedResource> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-files-'))
  const [data, history] = [join(folder, 'data'), join(folder, 'history')]
  const textOf = async (path: string): Promise<string> => await readFile(path, 'utf8').catch(() => '')
  const replace = async (path: string, text: string): Promise<void> => {
    await writeFile(`${path}.new`, text)
    await rename(`${path}.new`, path)
  }
  const read = async (): Promise<number> => Number(await textOf(data))
  const connect = async (): Promise<GuardedRegister> => {
    const guard = flockFence(join(folder, 'marks'), { clock })
    return {
      enter: async (holder) => await guard.enter(holder),
      check: async (holder) => await guard.check(holder),
      read,
      async enterAndRead(holder) {
        await guard.enter(holder)
        return await read()
      },
      async write(holder, change) {
        await guard.run(holder, async () => {
          await replace(data, String(change.value))
          const line = JSON.stringify({ ...change, token: String(holder.token) })
          await replace(history, `${await textOf(history)}${line}\n`)
        })
      },
    }
  }
  return {
    connect,
    async commits() {
      const lines = (await textOf(history)).split('\n').filter((line) => line !== '')
      return lines.map((line) => {
        const { token, ...change } = JSON.parse(line)
        return { ...change, token: BigInt(token) } as Commit
      })
    },
    close: async () => await rm(folder, { recursive: true, force: true }),
  }
}
