/** Messages of protobuf by descriptions of ours: a few lines a message, read and written by the wire format of a library. */

/** As much of `@bufbuild/protobuf/wire` as is used. */
export interface WireFormat {
  readonly BinaryReader: new (bytes: Uint8Array) => WireReader
  readonly BinaryWriter: new () => WireWriter
}

interface WireReader {
  readonly pos: number
  readonly len: number
  tag(): [number: number, type: number]
  skip(type: number, number: number): unknown
  int32(): number
  int64(): bigint | string
  uint64(): bigint | string
  bool(): boolean
  string(): string
  bytes(): Uint8Array
}

interface WireWriter {
  tag(number: number, type: number): WireWriter
  int32(value: number): WireWriter
  int64(value: bigint): WireWriter
  uint64(value: bigint): WireWriter
  bool(value: boolean): WireWriter
  string(value: string): WireWriter
  bytes(value: Uint8Array): WireWriter
  finish(): Uint8Array
}

type ScalarKind = 'int32' | 'int64' | 'uint64' | 'bool' | 'text'

/** The number of a field, and what it holds. A message comes as a function, since messages contain one another. */
type FieldShape =
  | readonly [number: number, kind: ScalarKind | 'texts']
  | readonly [number: number, kind: 'message' | 'messages', of: () => MessageShape<object>]

/** Every field of a message. One that a message does not have is left out of it, or has the zero of its kind. */
export type MessageShape<Message extends object> = { readonly [Name in keyof Required<Message>]: FieldShape }

const VARINT = 0
const LENGTH_DELIMITED = 2
/** Keys and values of ours are texts, and a text is written as bytes are. */
const ZEROS = { int32: 0, int64: 0n, uint64: 0n, bool: false, text: '' } as const
const LISTS: ReadonlySet<string> = new Set(['texts', 'messages'])

export class MessageCodec {
  readonly #wire: WireFormat

  constructor(wire: WireFormat) {
    this.#wire = wire
  }

  encode<Message extends object>(shape: MessageShape<Message>, message: Partial<Message>): Uint8Array {
    const writer = new this.#wire.BinaryWriter()
    for (const [name, field] of fieldsOf(shape)) {
      const value: unknown = Reflect.get(message, name)
      if (value === undefined) continue
      for (const each of Array.isArray(value) ? (value as readonly unknown[]) : [value])
        this.#write(writer, field, each)
    }
    return writer.finish()
  }

  /** Throws for bytes that are no such message: what is cut off, and what has another type than it should. */
  decode<Message extends object>(shape: MessageShape<Message>, bytes: Uint8Array): Message {
    const reader = new this.#wire.BinaryReader(bytes)
    const message: Record<string, unknown> = {}
    const byNumber = new Map<number, readonly [name: string, field: FieldShape]>()
    for (const [name, field] of fieldsOf(shape)) {
      byNumber.set(field[0], [name, field])
      if (LISTS.has(field[1])) message[name] = []
      else if (field[1] in ZEROS) message[name] = ZEROS[field[1] as ScalarKind]
    }
    while (reader.pos < reader.len) {
      const [number, type] = reader.tag()
      const [name, field] = byNumber.get(number) ?? []
      if (name === undefined || field === undefined) {
        reader.skip.call(reader, type, number)
        continue
      }
      if (type !== wireTypeOf(field)) throw new TypeError(`field ${number} has the wire type ${type}`)
      const value = this.#read(reader, field)
      if (LISTS.has(field[1])) (message[name] as unknown[]).push(value)
      else message[name] = value
    }
    return message as Message
  }

  #write(writer: WireWriter, field: FieldShape, value: unknown): void {
    const [number, kind, of] = field
    writer.tag(number, wireTypeOf(field))
    if (of !== undefined) writer.bytes(this.encode(of(), value as object))
    else if (kind === 'int32') writer.int32(value as number)
    else if (kind === 'bool') writer.bool(value as boolean)
    else if (kind === 'int64') writer.int64(value as bigint)
    else if (kind === 'uint64') writer.uint64(value as bigint)
    else writer.string(value as string)
  }

  #read(reader: WireReader, [, kind, of]: FieldShape): unknown {
    if (of !== undefined) return this.decode(of(), reader.bytes())
    if (kind === 'int32') return reader.int32()
    if (kind === 'bool') return reader.bool()
    if (kind === 'int64') return BigInt(reader.int64())
    if (kind === 'uint64') return BigInt(reader.uint64())
    return reader.string()
  }
}

function fieldsOf(shape: MessageShape<object>): readonly (readonly [name: string, field: FieldShape])[] {
  return Object.entries(shape as Readonly<Record<string, FieldShape>>)
}

function wireTypeOf([, kind, of]: FieldShape): number {
  return of !== undefined || kind === 'text' || kind === 'texts' ? LENGTH_DELIMITED : VARINT
}
