/** Opening: connects, asks the server what it is, teaches it the scripts, and listens before a claim can wait. */
import { answerWithin } from '../../time/call-limit.ts'
import { newClaimId } from '../../store/claim.ts'
import type { Clock } from '../../time/clock.ts'
import { StoreUnavailable } from '../../store/errors.ts'
import { ATTEMPT_MS_MAX } from '../../store/limits.ts'
import type { StoreEnvironment } from '../../store/store.ts'
import { type ChannelEvents, Channels } from '../redis-driver/channels.ts'
import { LocalClaims } from './local-claims.ts'
import type { ConnectedDriver, RedisDriver } from '../redis-driver/driver.ts'
import { CurrentFacts } from '../redis-driver/current-facts.ts'
import { timersOf, Connection } from '../redis-driver/connection.ts'
import { engineError } from '../redis-driver/errors.ts'
import { probeAll } from '../redis-driver/probe.ts'
import { factsOf } from './facts.ts'
import { channelEnd, type RedisKeys } from './keys.ts'
import { requireRights } from './rights.ts'
import { clusterScripts, type Scripts, scripts as serverScripts } from './scripts.ts'
import { ServerClock } from '../../store/server-clock.ts'
import { slotOf } from '../redis-driver/slots.ts'
import { CommandBatcher } from './command-batcher.ts'
import { messageOf } from './wire.ts'

interface Opened extends ConnectedDriver {
  /** One more connection of the same kind. @default the one that the driver makes, where it can */
  readonly another?: (signal: AbortSignal) => Promise<ConnectedDriver>
}

/** Gives up when the signal aborts. */
export type OpenRedis = (signal: AbortSignal) => Promise<Opened>

export interface RedisSession {
  readonly connection: Connection
  readonly together: CommandBatcher
  readonly channels: Channels
  readonly claims: LocalClaims
  readonly clock: Clock
  readonly serverClock: ServerClock
  readonly promises: CurrentFacts
  readonly scripts: Scripts
  readonly isCluster: boolean
  /** In which slot of a Cluster a line is; 0 on one server. */
  slotOf(line: string): number
  /** Where the scripts of others tell this store about its claims on a resource. */
  channelOf(resource: string): string
  close(): void
}

export async function openSession(
  openPort: OpenRedis,
  keys: RedisKeys,
  environment: StoreEnvironment,
): Promise<RedisSession> {
  const { clock, signal } = environment
  throwIfAborted(signal)
  const opened = await openedInTime(openPort, clock)
  const client = newClaimId()
  const base = baseOf(opened, keys, environment, client)
  const { connection, channels, promises, scripts, isCluster } = base
  try {
    await promises.settle()
    throwIfAborted(signal)
    await connection.bounded('opening', teach(connection.port, scripts))
    await channels.open({ name: keys.channel(client), end: channelEnd(client) })
    await requireRights(base, promises.findings, keys, client)
    // A user that may not listen to the channels of lines is found out here, not when a claim waits.
    if (channels.isSharded) (await channels.observe(keys.lineChannel(client, client)))()
    throwIfAborted(signal)
    return { ...base, together: new CommandBatcher(connection), slotOf: isCluster ? slotOf : () => 0 }
  } catch (error) {
    base.close()
    throw error
  }
}

/** What is there before the server was asked anything, each part wired to the others. */
function baseOf(
  opened: Opened,
  keys: RedisKeys,
  environment: StoreEnvironment,
  client: string,
): Omit<RedisSession, 'together' | 'slotOf'> {
  const { clock, timers } = environment
  const { port } = opened
  const isCluster = port.primaries !== undefined
  const report = (trouble: StoreUnavailable): void => environment.troubled?.(trouble)
  const serverClock = new ServerClock(clock, { isOneServer: !isCluster })
  const connection = new Connection(port, clock, {
    another: opened.another,
    release: () => opened.close(),
    onDisconnect: () => promises.doubt(),
    report,
  })
  const promises = new CurrentFacts({
    clock,
    probe: () => connection.bounded('opening', probeAll(connection.port)),
    factsOf: (findings) => factsOf(findings, { isCluster, failsOver: port.failsOver === true }),
    onChange: (facts) => environment.factsChanged?.(facts),
  })
  const claims = new LocalClaims((line) => channels.suspect(channelOf(keys.resource(line))))
  const events: ChannelEvents = {
    onMessage(text) {
      const message = messageOf(text, serverClock)
      if (message !== undefined) claims.pushed(message.line, message.id, 'standing' in message ? message : undefined)
    },
    onDown() {
      serverClock.forget()
      // Of a driver that does not tell of its other connections, this one's end is the only sign.
      if (connection.port.onDisconnect === undefined) promises.doubt()
    },
    onUp: () => claims.hintAll(),
  }
  const channels = new Channels(connection, events, { clock, timers, report })
  const channelOf = (resource: string): string =>
    channels.isSharded ? keys.lineChannel(resource, client) : keys.channel(client)
  const close = (): void => {
    promises.close()
    channels.close()
    claims.hintAll()
    connection.close()
    opened.close()
  }
  const scripts = isCluster ? clusterScripts : serverScripts
  return { connection, channels, claims, clock, serverClock, promises, scripts, isCluster, channelOf, close }
}

/**
 * The kernel connects to a server that is frozen, and a driver that waits for its first answer ends in the words of a
 * connection that broke: so silence is told from it here.
 */
async function openedInTime(openPort: OpenRedis, clock: Clock): Promise<Opened> {
  const patience = new AbortController()
  const opening = openPort(patience.signal)
  try {
    return await answerWithin(timersOf(clock), opening, ATTEMPT_MS_MAX, 'opening')
  } catch (error) {
    patience.abort()
    // In case that it was connected in this moment.
    opening.then(
      ({ close }) => close(),
      () => undefined,
    )
    throw engineError(error, 'opening')
  }
}

/** A server that comes later, or forgets, gets the text with the first script it does not know. */
async function teach(port: RedisDriver, scripts: Scripts): Promise<void> {
  const servers = (await port.primaries?.()) ?? [port]
  const texts = Object.values(scripts).map(({ text }) => text)
  await Promise.all(servers.flatMap((server) => texts.map((text) => server.send(['SCRIPT', 'LOAD', text]))))
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new StoreUnavailable('opening Redis was aborted', { cause: signal.reason })
}
