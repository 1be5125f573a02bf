/** Opening: connects, asks the server what it is, teaches it the scripts, and listens before anybody can wait. */
import type { Clock } from '../../core/clock.ts'
import { StoreUnavailable } from '../../core/errors.ts'
import type { Facts, StoreEnvironment } from '../../core/store.ts'
import { Channels } from '../shared/redis/channels.ts'
import { Claims } from './claims.ts'
import type { RedisPort } from '../shared/redis/client.ts'
import { Connection } from '../shared/redis/connection.ts'
import { engineError } from '../shared/redis/errors.ts'
import { probe } from '../shared/redis/probe.ts'
import { factsOf } from './facts.ts'
import { scripts } from './scripts.ts'
import { ServerClock } from '../shared/redis/server-clock.ts'
import { Together } from './together.ts'
import { messageOf } from './wire.ts'

/** `close` ends what was opened for this store, and leaves alone what was handed in. */
export type OpenPort = () => Promise<{ readonly port: RedisPort; close(): void }>

export interface Session {
  readonly connection: Connection
  readonly together: Together
  readonly channels: Channels
  readonly claims: Claims
  readonly clock: Clock
  readonly serverClock: ServerClock
  /** Where the scripts of others tell this store about its claims. */
  readonly channel: string
  close(): void
}

export async function openSession(
  openPort: OpenPort,
  channel: string,
  { clock, signal }: StoreEnvironment,
): Promise<{ readonly session: Session; readonly facts: Facts }> {
  throwIfAborted(signal)
  const opened = await openPort().catch((error: unknown) => {
    throw engineError(error, 'opening')
  })
  const connection = new Connection(opened.port, clock)
  const serverClock = new ServerClock(clock)
  const claims = new Claims()
  const channels = new Channels(connection, {
    onMessage(text) {
      const message = messageOf(text, serverClock)
      if (message !== undefined) claims.pushed(message.line, message.id, 'standing' in message ? message : undefined)
    },
    onDown: () => serverClock.forget(),
    onUp: () => claims.hintAll(),
  })
  const close = (): void => {
    channels.close()
    claims.hintAll()
    opened.close()
  }
  try {
    const findings = await connection.bounded('opening', probe(opened.port))
    throwIfAborted(signal)
    const texts = Object.values(scripts).map(({ text }) => text)
    await Promise.all(texts.map((text) => connection.command('opening', ['SCRIPT', 'LOAD', text])))
    await channels.open(channel)
    throwIfAborted(signal)
    return {
      session: { connection, together: new Together(connection), channels, claims, clock, serverClock, channel, close },
      facts: factsOf(findings),
    }
  } catch (error) {
    close()
    throw error
  }
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new StoreUnavailable('opening Redis was aborted', { cause: signal.reason })
}
