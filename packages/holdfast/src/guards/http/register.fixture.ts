/** A guarded register for the guard contract, over HTTP: its commits are what the handlers have written. */
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../time/clock.ts'
import type { Fenced } from '../../lease/lease.ts'
import type { Commit, GuardedRegister, GuardedResource } from '../../testing/guard-contract.ts'
import { fencedFetch, httpGuard, type HttpMarks } from './index.ts'
import { frameworks, type Handle, queryOf } from './servers.fixture.ts'

/** Turns of the event loop between the reading of a request and its write: what a database would take. */
const WORK_TURNS = 40

export async function registerOver(
  framework: string,
  marks: HttpMarks<unknown>,
  clock: Clock,
): Promise<GuardedResource> {
  const values = new Map<string, number>()
  const commits: Commit[] = []
  const handle: Handle<unknown> = async (url, { lease }) => {
    const { key, based, value } = Object.fromEntries(url.searchParams)
    if (key === undefined) return {}
    if (value === undefined) return { value: values.get(key) ?? 0 }
    for (let turn = 0; turn < WORK_TURNS; turn += 1) await setImmediate()
    values.set(key, Number(value))
    commits.push({ key, based: Number(based), value: Number(value), token: lease.token })
    return {}
  }
  const serve = frameworks[framework]
  if (serve === undefined) throw new Error(`no framework ${framework}`)
  const server = await serve({ guard: httpGuard(marks), handle, errors: [] })
  const send = async (lease: Fenced, query = ''): Promise<unknown> => {
    const named = typeof lease === 'object' && lease !== null ? lease : { namespace: '', name: '', mode: '' }
    const answer = await fencedFetch(lease, `${server.url}/?${queryOf(named as Fenced)}&${query}`, { clock })
    return await answer.json()
  }
  const register: GuardedRegister = {
    async enter(holder) {
      await send(holder)
    },
    async check(holder) {
      // A look over HTTP is the request of a reader, which raises nothing.
      await send(holder?.mode === 'exclusive' ? { ...holder, mode: 'shared' } : holder)
    },
    async read(key) {
      await setImmediate()
      return values.get(key) ?? 0
    },
    async enterAndRead(holder, key) {
      const { value } = (await send(holder, new URLSearchParams({ key }).toString())) as { readonly value: number }
      return value
    },
    async write(holder, { key, based, value }) {
      await send(holder, new URLSearchParams({ key, based: String(based), value: String(value) }).toString())
    },
  }
  return {
    connect: async () => register,
    commits: async () => [...commits],
    close: async () => await server.close(),
  }
}

/** What must not be done: the mark is raised and compared, and then the handler runs as long as it likes. */
export function checkThenHandle(marks: HttpMarks<unknown>): HttpMarks<unknown> {
  return {
    async run(lease, work) {
      await marks.run(lease, async () => undefined)
      return await work(undefined)
    },
  }
}
