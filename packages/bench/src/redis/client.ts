/** An ioredis client that counts what it sends: the server's own count has the commands of scripts in it as well. */
import { Redis } from 'ioredis'

export class CountingRedis extends Redis {
  sent = 0

  override sendCommand(...call: Parameters<Redis['sendCommand']>): unknown {
    this.sent += 1
    return super.sendCommand(...call)
  }
}

/** Connected, so that nothing is counted twice because it had to wait for the connection. */
export async function connect(url: string): Promise<CountingRedis> {
  const client = new CountingRedis(url, { lazyConnect: true })
  // The sender of a command learns of the error; an event without a listener would be printed.
  client.on('error', () => undefined)
  await client.connect()
  return client
}
