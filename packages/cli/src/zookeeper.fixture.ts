/** Puts something that is no lock into the place of the lock `bad`, in the few words of ZooKeeper that this takes. */
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Engine } from '@holdfast/testbed/engines/engine'

const CREATE = 1
const ALL_RIGHTS = 31

export async function damageNode({ host, port }: Engine): Promise<void> {
  const socket = connect({ host, port })
  await once(socket, 'connect')
  socket.write(packet(numbers(0, 0, 0, 10_000, 0, 0), text('\0'.repeat(16))))
  await once(socket, 'data')
  // Where another server was asked before, the nodes are there, which is as good.
  socket.write(create(1, '/shop/locks/l/default!bad'))
  await once(socket, 'data')
  socket.write(create(2, '/shop/locks/l/default!bad/theirs'))
  await once(socket, 'data')
  socket.destroy()
}

/** Of a node that stays, and that all users may read. */
function create(number: number, path: string): Buffer {
  const rights = [numbers(1, ALL_RIGHTS), text('world'), text('anyone')]
  return packet(numbers(number, CREATE), text(path), text(''), ...rights, numbers(0))
}

function packet(...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([numbers(body.length), body])
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, index) => bytes.writeInt32BE(value, index * 4))
  return bytes
}

function text(value: string): Buffer {
  return Buffer.concat([numbers(value.length), Buffer.from(value)])
}
