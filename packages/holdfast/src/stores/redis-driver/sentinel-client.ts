/** node-redis' client for Sentinel, through the same port: it knows which server is the primary, and moves with it. */
import { onDisconnectOf } from './disconnects.ts'
import { notConnected, type RedisDriver } from './driver.ts'

/** The part of a node-redis sentinel client (version 5 or 6) that is used. */
export interface NodeRedisSentinelClient {
  readonly isOpen: boolean
  getSentinelNode(): unknown
  sendCommand(isReadonly: boolean, words: string[]): Promise<unknown>
  duplicate(): NodeRedisSentinelClient
  connect(): Promise<unknown>
  subscribe(channel: string, listener: (message: string, channel: string) => void): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  on(event: string, listener: () => void): unknown
  off(event: string, listener: () => void): unknown
  destroy(): unknown
}

/** `undefined` for a client of something else. */
export function sentinelDriverOf(client: object): RedisDriver | undefined {
  return 'getSentinelNode' in client ? sentinelDriver(client as NodeRedisSentinelClient) : undefined
}

function sentinelDriver(client: NodeRedisSentinelClient): RedisDriver {
  return {
    failsOver: true,
    // It looks for the primary again when its connection ends, and sends there what was unanswered.
    resends: true,
    onDisconnect: onDisconnectOf(client, ['reconnecting', 'topology-change', 'client-error']),
    async another() {
      const own = client.duplicate()
      own.on('error', () => undefined)
      await own.connect()
      return { port: sentinelDriver(own), close: () => void own.destroy() }
    },
    send: (words) => (client.isOpen ? client.sendCommand(false, [...words]) : Promise.reject(notConnected())),
    async listen(hearer) {
      if (!client.isOpen) throw notConnected()
      const own = client.duplicate()
      own.on('error', () => hearer.onDown())
      await own.connect()
      own.on('reconnecting', () => hearer.onDown())
      // It subscribes again by itself; after a failover on the new primary.
      for (const event of ['ready', 'topology-change']) own.on(event, () => hearer.onUp())
      return {
        async subscribe(channel) {
          await own.subscribe(channel, (message) => hearer.onMessage(channel, message))
        },
        async unsubscribe(channel) {
          await own.unsubscribe(channel)
        },
        close: () => void own.destroy(),
      }
    },
  }
}
