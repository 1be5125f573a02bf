/** What the replays on Redis have in common: a server, a connection that can be hurt, and a look at the line. */
import { holdfast, type LineView } from 'holdfast'
import type { Engine } from '@holdfast/testbed/engines/engine'
import { RespConnection, type RespValue } from '@holdfast/testbed/engines/redis/resp'
import { type RedisOptions, start } from '@holdfast/testbed/engines/redis/server'
import { until } from '@holdfast/testbed/engines/until'
import { openProxy, type Proxy } from '@holdfast/testbed/proxy/proxy'
import { openStore } from '../../open-store.ts'
import type { ScenarioSetup } from '../scenario-setup.ts'
import { NAMESPACE, SEAT } from '../steps.ts'

/** The lane of the server in a timeline. */
export const SERVER = 'server'

const SOON_MS = 10_000

export function server(setup: ScenarioSetup, options: RedisOptions = {}): Promise<Engine> {
  return setup.keep(start(options))
}

/** A route to the server of its own: only the client that gets its URL uses it. */
export async function openRoute(
  setup: ScenarioSetup,
  engine: Engine,
): Promise<{ readonly proxy: Proxy; readonly url: string }> {
  const proxy = await setup.keep(openProxy(engine))
  return { proxy, url: proxy.through(engine.url) }
}

/** Asks the server itself, past every proxy. */
export async function tell({ url }: Engine, ...words: readonly string[]): Promise<RespValue> {
  await using connection = await RespConnection.open(url)
  return await connection.command(...words)
}

/** Does something whose answer vanishes; resolves when the server has carried it out. */
export async function unanswered<T>(
  setup: ScenarioSetup,
  proxy: Proxy,
  ask: () => Promise<T>,
): Promise<() => Promise<T>> {
  const { lostBytes } = proxy.stats.replies
  proxy.set({ kind: 'lose-replies' })
  setup.note('lose-replies', SERVER)
  const answer = ask()
  await until(() => proxy.stats.replies.lostBytes > lostBytes, { withinMs: SOON_MS, what: 'the loss of an answer' })
  return () => {
    setup.note('pass', SERVER)
    proxy.set({ kind: 'pass' })
    return answer
  }
}

/** The line of the lock that all replays fight for, as the server has it. */
export async function lineAt(url: string): Promise<LineView> {
  const locks = holdfast(await openStore(url), { namespace: NAMESPACE })
  try {
    return await locks.inspect(SEAT)
  } finally {
    await locks.close()
  }
}

/** Something that a server will say of its own accord. */
export function soon(what: string, condition: () => Promise<boolean>): Promise<void> {
  return until(condition, { withinMs: SOON_MS, what })
}
