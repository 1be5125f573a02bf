/** A way to a server on which its words can be kept back, and then come in one piece. */
import { connect, createServer, type Socket } from 'node:net'
import type { Engine } from '@holdfast/testbed/engines/engine'

export class Way implements AsyncDisposable {
  readonly #kept: Buffer[] = []
  readonly #listener = createServer((client) => this.#lead(client))
  readonly #target: Pick<Engine, 'host' | 'port'>
  #isKeeping = false
  #client: Socket | undefined
  /** The server ended the connection whose words are kept. */
  isOver = false

  constructor(target: Pick<Engine, 'host' | 'port'>) {
    this.#target = target
  }

  /** Its port, on this machine. */
  async open(): Promise<number> {
    await new Promise<void>((resolve) => this.#listener.listen(0, '127.0.0.1', resolve))
    return (this.#listener.address() as { readonly port: number }).port
  }

  /** What the server says on the next connection, from the first word of its client on. */
  keep(): void {
    this.#isKeeping = true
  }

  get said(): string {
    return Buffer.concat(this.#kept).toString('latin1')
  }

  /** Lets it come, with these last words behind it, and ends the connection. */
  give(last: Buffer = Buffer.alloc(0)): void {
    this.#isKeeping = false
    this.#client?.end(Buffer.concat([...this.#kept, last]))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close()
  }

  #lead(client: Socket): void {
    const server = connect(this.#target.port, this.#target.host)
    const isKept = this.#isKeeping
    let hasSpoken = false
    if (isKept) this.#client = client
    client.on('data', (bytes) => {
      hasSpoken = true
      server.write(bytes)
    })
    server.on('data', (bytes) =>
      isKept && this.#isKeeping && hasSpoken ? this.#kept.push(bytes) : client.write(bytes),
    )
    for (const socket of [client, server]) socket.on('error', () => undefined)
    client.on('close', () => server.destroy())
    server.on('close', () => {
      if (isKept) this.isOver = true
      else client.end()
    })
  }
}
