/** What each member that a URL names says of itself, for people: one connection to each, asked once. */
import { driversWords } from '../../store/drivers-words.ts'
import { environmentOf, timersOf } from '../../store/environment.ts'
import { systemClock } from '../../time/clock.ts'
import type { EtcdAddress } from './address.ts'
import { EtcdChannel, type EtcdTls } from './channel.ts'
import type { MessageCodec } from './message.ts'
import { statusMethod } from './messages.ts'
import { loadedCodec } from './wire.ts'

/** A member as it was found, or why it was not. */
export interface EtcdMemberState {
  /** As in the URL: host and port. */
  readonly address: string
  /** Why nothing is known of it; then the rest is absent. */
  readonly failure?: string
  /** Of its program, such as `3.5.30`. */
  readonly version?: string
  readonly isLeader?: boolean
  /** Of its database, in bytes. */
  readonly databaseBytes?: number
  /** What the member itself finds wrong, such as the alarm NOSPACE, in its own words. */
  readonly errors?: readonly string[]
}

export async function memberStates(address: EtcdAddress, tls: EtcdTls): Promise<readonly EtcdMemberState[]> {
  const codec = await loadedCodec()
  return await Promise.all(
    address.endpoints.map(async (endpoint) => await stateOf({ ...address, endpoints: [endpoint] }, tls, codec)),
  )
}

async function stateOf(alone: EtcdAddress, tls: EtcdTls, codec: MessageCodec): Promise<EtcdMemberState> {
  const address = alone.endpoints.map(({ host, port }) => `${host}:${port}`).join()
  const environment = environmentOf(systemClock, timersOf(systemClock), new AbortController().signal)
  const channel = new EtcdChannel(alone, tls, codec, environment)
  try {
    const { version, leader, header, databaseBytes, errors } = await channel.call(statusMethod, {}, 'asking a member')
    const isLeader = leader !== 0n && leader === header?.memberId
    return { address, version, isLeader, databaseBytes: Number(databaseBytes), errors }
  } catch (error) {
    return { address, failure: driversWords(error) }
  } finally {
    channel.close()
  }
}
