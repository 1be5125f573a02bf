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
  fork(): WireWriter
  join(): WireWriter
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

/** A shape as it is used: looked through once. */
interface CompiledShape {
  readonly fields: readonly NamedField[]
  readonly byNumber: ReadonlyMap<number, NamedField>
  /** The zeros of what is no list. */
  readonly zeros: Readonly<Record<string, unknown>>
  readonly lists: readonly string[]
}

interface NamedField {
  readonly name: string
  readonly number: number
  readonly kind: FieldShape[1]
  readonly of: (() => MessageShape<object>) | undefined
  readonly wireType: number
  readonly isList: boolean
}

const compiled = new WeakMap<object, CompiledShape>()

export class MessageCodec {
  readonly #wire: WireFormat

  constructor(wire: WireFormat) {
    this.#wire = wire
  }

  encode<Message extends object>(shape: MessageShape<Message>, message: Partial<Message>): Uint8Array {
    const writer = new this.#wire.BinaryWriter()
    this.#fill(writer, shape, message)
    return writer.finish()
  }

  /** Throws for bytes that are no such message: what is cut off, and what has another type than it should. */
  decode<Message extends object>(shape: MessageShape<Message>, bytes: Uint8Array): Message {
    const { byNumber, zeros, lists } = compiledShape(shape)
    const reader = new this.#wire.BinaryReader(bytes)
    const message: Record<string, unknown> = { ...zeros }
    for (const name of lists) message[name] = []
    while (reader.pos < reader.len) {
      const [number, type] = reader.tag()
      const field = byNumber.get(number)
      if (field === undefined) {
        reader.skip.call(reader, type, number)
        continue
      }
      if (type !== field.wireType) throw new TypeError(`field ${number} has the wire type ${type}`)
      const value = this.#read(reader, field)
      if (field.isList) (message[field.name] as unknown[]).push(value)
      else message[field.name] = value
    }
    return message as Message
  }

  #fill(writer: WireWriter, shape: MessageShape<object>, message: object): void {
    for (const field of compiledShape(shape).fields) {
      const value: unknown = Reflect.get(message, field.name)
      if (value === undefined) continue
      if (!field.isList) this.#write(writer, field, value)
      else for (const each of value as readonly unknown[]) this.#write(writer, field, each)
    }
  }

  #write(writer: WireWriter, { number, kind, of, wireType }: NamedField, value: unknown): void {
    writer.tag(number, wireType)
    if (of !== undefined) {
      writer.fork()
      this.#fill(writer, of(), value as object)
      writer.join()
    } else if (kind === 'int32') writer.int32(value as number)
    else if (kind === 'bool') writer.bool(value as boolean)
    else if (kind === 'int64') writer.int64(value as bigint)
    else if (kind === 'uint64') writer.uint64(value as bigint)
    else writer.string(value as string)
  }

  #read(reader: WireReader, { kind, of }: NamedField): unknown {
    if (of !== undefined) return this.decode(of(), reader.bytes())
    if (kind === 'int32') return reader.int32()
    if (kind === 'bool') return reader.bool()
    if (kind === 'int64') return BigInt(reader.int64())
    if (kind === 'uint64') return BigInt(reader.uint64())
    return reader.string()
  }
}

function compiledShape(shape: MessageShape<object>): CompiledShape {
  const known = compiled.get(shape)
  if (known !== undefined) return known
  const shapes: readonly (readonly [string, FieldShape])[] = Object.entries(shape)
  const fields = shapes.map(([name, [number, kind, of]]): NamedField => {
    const isLong = of !== undefined || kind === 'text' || kind === 'texts'
    return { name, number, kind, of, wireType: isLong ? LENGTH_DELIMITED : VARINT, isList: LISTS.has(kind) }
  })
  const made: CompiledShape = {
    fields,
    byNumber: new Map(fields.map((field) => [field.number, field])),
    zeros: Object.fromEntries(
      fields.flatMap(({ name, kind }) => (kind in ZEROS ? [[name, ZEROS[kind as ScalarKind]] as const] : [])),
    ),
    lists: fields.flatMap(({ name, isList }) => (isList ? [name] : [])),
  }
  compiled.set(shape, made)
  return made
}
