/** Opening: connects, asks the server what it is, teaches it the scripts, and listens before anybody can wait. */
import { answerWithin } from '../../time/call-limit.ts'
import { newClaimId } from '../../store/claim.ts'
import type { Clock } from '../../time/clock.ts'
import { StoreUnavailable } from '../../store/errors.ts'
import { ATTEMPT_MS_MAX } from '../../store/limits.ts'
import type { StoreEnvironment } from '../../store/store.ts'
import { Channels } from '../redis-driver/channels.ts'
import { LocalClaims } from './local-claims.ts'
import type { ConnectedDriver, RedisDriver } from '../redis-driver/driver.ts'
import { CurrentFacts } from './current-facts.ts'
import { timersOf, Connection } from '../redis-driver/connection.ts'
import { engineError } from '../redis-driver/errors.ts'
import { probeAll } from '../redis-driver/probe.ts'
import { factsOf } from './facts.ts'
import { channelEnd, type RedisKeys } from './keys.ts'
import { requireRights } from './rights.ts'
import { clusterScripts, type Scripts, scripts as serverScripts } from './scripts.ts'
import { ServerClock } from '../redis-driver/server-clock.ts'
import { slotOf } from '../redis-driver/slots.ts'
import { CommandBatcher } from './command-batcher.ts'
import { messageOf } from './wire.ts'

interface Opened extends ConnectedDriver {
  /** One more connection of the same kind. @default the one that the driver makes, where it can */
  readonly another?: () => Promise<ConnectedDriver>
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
  const { port } = opened
  const isCluster = port.primaries !== undefined
  const serverClock = new ServerClock(clock, { isOneServer: !isCluster })
  const client = newClaimId()
  let promises: CurrentFacts | undefined
  const report = (trouble: StoreUnavailable): void => environment.troubled?.(trouble)
  const connection = new Connection(port, clock, {
    another: opened.another,
    release: () => opened.close(),
    onDisconnect: () => promises?.doubt(),
    report,
  })
  const channelOf = (resource: string): string =>
    channels.isSharded ? keys.lineChannel(resource, client) : keys.channel(client)
  const claims = new LocalClaims((line) => channels.suspect(channelOf(keys.resource(line))))
  const channels = new Channels(
    connection,
    {
      onMessage(text) {
        const message = messageOf(text, serverClock)
        if (message !== undefined) claims.pushed(message.line, message.id, 'standing' in message ? message : undefined)
      },
      onDown() {
        serverClock.forget()
        promises?.doubt()
      },
      onUp() {
        claims.hintAll()
        promises?.settle().catch(() => undefined)
      },
    },
    { clock, timers: environment.timers, report },
  )
  const close = (): void => {
    channels.close()
    claims.hintAll()
    connection.close()
    opened.close()
  }
  try {
    const scripts = isCluster ? clusterScripts : serverScripts
    const findings = await connection.bounded('opening', probeAll(port))
    throwIfAborted(signal)
    promises = new CurrentFacts(factsOf(findings, { isCluster, failsOver: port.failsOver === true }), {
      probe: async () => {
        const found = await connection.bounded('looking again', probeAll(connection.port))
        return factsOf(found, { isCluster, failsOver: port.failsOver === true })
      },
      onChange: (facts) => environment.factsChanged?.(facts),
    })
    await connection.bounded('opening', teach(port, scripts))
    await channels.open({ name: keys.channel(client), end: channelEnd(client) })
    const parts = { connection, channels, claims, clock, serverClock, promises, scripts, isCluster }
    await requireRights(parts, findings, keys, client)
    // A user that may not listen to the channels of lines is found out here, not when a claim waits.
    if (channels.isSharded) (await channels.observe(keys.lineChannel(client, client)))()
    throwIfAborted(signal)
    const together = new CommandBatcher(connection)
    return { ...parts, together, slotOf: isCluster ? slotOf : () => 0, channelOf, close }
  } catch (error) {
    close()
    throw error
  }
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
