/** One connection through the proxy: a client's socket, the socket to the server, and a lane each way. */
import { type AddressInfo, connect, type Socket } from 'node:net'
import { Lane, type Tally } from './lane.ts'
import { loses, type ProxyMode } from './mode.ts'

export interface Counters {
  readonly requests: Tally
  readonly replies: Tally
}

export class Link {
  readonly ended: Promise<void>
  readonly #client: Socket
  readonly #server: Socket
  readonly #lanes: readonly Lane[]
  readonly #end: () => void
  #mode: ProxyMode
  /** One side went away without the other being told. */
  #oneSided = false
  #isOver = false

  constructor(client: Socket, target: Pick<AddressInfo, 'address' | 'port'>, mode: ProxyMode, counters: Counters) {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.ended = promise
    this.#end = resolve
    this.#mode = mode
    this.#client = client.setNoDelay(true)
    // A kernel accepts connections even for a stopped server, so connecting is never what a mode holds up.
    this.#server = connect({ host: target.address, port: target.port, allowHalfOpen: true, noDelay: true })
    this.#lanes = [
      new Lane('requests', this.#client, this.#server, { mode, tally: counters.requests }),
      new Lane('replies', this.#server, this.#client, { mode, tally: counters.replies }),
    ]
    this.#follow(this.#client, this.#server, 'requests')
    this.#follow(this.#server, this.#client, 'replies')
  }

  apply(mode: ProxyMode): void {
    this.#mode = mode
    for (const lane of this.#lanes) lane.apply(mode)
    const silent = loses(mode, 'requests') || loses(mode, 'replies')
    const mustEnd = mode.kind === 'cut' || this.#lanes.some((lane) => lane.isBroken) || (this.#oneSided && !silent)
    if (mustEnd) this.reset()
  }

  /** RST to both sides. */
  reset(): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const lane of this.#lanes) lane.stop()
    for (const socket of [this.#client, this.#server]) {
      // Node neither resets nor closes one that is about to end: it would keep it for ever, and not exit for it.
      if (socket.connecting || (socket.writableEnded && !socket.writableFinished)) socket.destroy()
      else socket.resetAndDestroy()
    }
    this.#end()
  }

  #follow(near: Socket, far: Socket, direction: 'requests' | 'replies'): void {
    // The reason does not matter to the other side, and 'close' follows.
    near.on('error', () => {})
    near.on('close', (failed) => {
      if (this.#isOver) return
      if (loses(this.#mode, direction) || this.#mode.kind === 'hold') this.#oneSided = true
      else if (failed) this.reset()
      if (near.destroyed && far.destroyed) {
        this.#isOver = true
        for (const lane of this.#lanes) lane.stop()
        this.#end()
      }
    })
  }
}
