/**
 * The least that a lock in etcd can be: one transaction makes a key if there is none, one deletes it, over one connection
 * and with nothing else on it. No line, no wake-up, no renewal, no token.
 */
import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2'
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { Contestant } from '../slices.ts'

const { Varint: NUMBER, LengthDelimited: BYTES } = WireType
const HEAD_BYTES = 5
const LEASE_SECONDS = 600

type Fill = (writer: BinaryWriter) => void

export async function bareEtcdLock(
  url: string,
  names: readonly string[],
): Promise<Contestant & { close(): Promise<void> }> {
  const session = connect(url)
  session.on('error', () => undefined)
  const granted = await call(
    session,
    'Lease/LeaseGrant',
    message((grant) => number(grant, 1, BigInt(LEASE_SECONDS))),
  )
  const lease = numberIn(granted, 2)
  return {
    async pair(turn) {
      const key = `bare/${names[turn % names.length] ?? ''}`
      const made = await call(session, 'KV/Txn', creation(key, lease))
      if (numberIn(made, 2) !== 1n) throw new Error(`${key} is taken`)
      await call(
        session,
        'KV/DeleteRange',
        message((request) => request.tag(1, BYTES).string(key)),
      )
    },
    async close() {
      session.destroy()
    },
  }
}

/** If the key was never created, it is put on the lease. */
function creation(key: string, lease: bigint): Uint8Array {
  return message((txn) => {
    part(txn, 1, (compare) => {
      // The create revision, and 0 for it, which need not be written.
      number(compare, 2, 1n)
      compare.tag(3, BYTES).string(key)
      number(compare, 5, 0n)
    })
    part(txn, 2, (operation) =>
      part(operation, 2, (put) => {
        put.tag(1, BYTES).string(key)
        put.tag(2, BYTES).string('x')
        number(put, 3, lease)
      }),
    )
  })
}

function call(session: ClientHttp2Session, method: string, request: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': `/etcdserverpb.${method}`,
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('trailers', (trailers: IncomingHttpHeaders) => {
      if (trailers['grpc-status'] === '0') resolve(Buffer.concat(chunks).subarray(HEAD_BYTES))
      else reject(new Error(`${method}: ${String(trailers['grpc-message'])}`))
    })
    stream.on('error', reject)
    const head = Buffer.alloc(HEAD_BYTES)
    head.writeUInt32BE(request.length, 1)
    stream.end(Buffer.concat([head, request]))
  })
}

function message(fill: Fill): Uint8Array {
  const writer = new BinaryWriter()
  fill(writer)
  return writer.finish()
}

function part(writer: BinaryWriter, field: number, fill: Fill): void {
  writer.tag(field, BYTES).bytes(message(fill))
}

function number(writer: BinaryWriter, field: number, value: bigint): void {
  writer.tag(field, NUMBER).int64(value)
}

/** 0 when it is not there. */
function numberIn(bytes: Uint8Array, wanted: number): bigint {
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag()
    if (field === wanted && type === NUMBER) return BigInt(reader.int64())
    if (type === NUMBER) reader.int64()
    else if (type === BYTES) reader.bytes()
    else throw new Error(`etcd answered with a field of the type ${type}`)
  }
  return 0n
}
