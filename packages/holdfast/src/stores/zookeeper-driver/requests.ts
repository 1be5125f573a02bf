/** The requests that are used of ZooKeeper, and how their answers are read. */
import { MalformedAnswer, type ValueReader, type ValueWriter } from './bytes.ts'
import { CODE } from './failures.ts'

export const OPERATION = {
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  sync: 9,
  ping: 11,
  getChildren2: 12,
  check: 13,
  multi: 14,
  create2: 15,
  createContainer: 19,
  auth: 100,
  setWatches2: 105,
  closeSession: -11,
} as const

const CREATE_MODE = {
  persistent: 0,
  ephemeral: 1,
  persistentSequential: 2,
  ephemeralSequential: 3,
  container: 4,
} as const
/** How `create2` is answered inside of a multi: by its path alone. */
const CREATE_IN_MULTI = 1
const FAILED = -1
const ANY_VERSION = -1
const ALL_RIGHTS = 31

export type CreateMode = keyof typeof CREATE_MODE

/** What a node is, without its data. */
export interface NodeStat {
  /** The transaction that made it: rises over all nodes. */
  readonly createdAt: bigint
  /** The one that changed its data. */
  readonly changedAt: bigint
  /** The one that changed its children. */
  readonly childrenChangedAt: bigint
  /** By the wall clock of the leader. */
  readonly createdWallMs: number
  readonly changedWallMs: number
  readonly version: number
  /** The session that it ends with; 0 for none. */
  readonly sessionId: bigint
  readonly childCount: number
}

export type MultiPart =
  | { readonly kind: 'create'; readonly path: string; readonly data: Uint8Array; readonly mode: CreateMode }
  | { readonly kind: 'delete' | 'check'; readonly path: string; readonly version?: number }
  | { readonly kind: 'setData'; readonly path: string; readonly data: Uint8Array; readonly version?: number }

/** Of one part: `path` of what was made, `stat` of what was changed. */
export interface PartResult {
  readonly code: number
  readonly path?: string
  readonly stat?: NodeStat
}

/** Who may do anything to a node that is made: all users, or those that this session named. */
export interface NodeOwner {
  readonly scheme: 'world' | 'auth'
  readonly id: string
}

export function createBody(
  writer: ValueWriter,
  { path, data, mode }: Omit<Extract<MultiPart, { readonly kind: 'create' }>, 'kind'>,
  { scheme, id }: NodeOwner,
): ValueWriter {
  return writer.text(path).bytes(data).int(1).int(ALL_RIGHTS).text(scheme).text(id).int(CREATE_MODE[mode])
}

export function readStat(reader: ValueReader): NodeStat {
  const createdAt = reader.long()
  const changedAt = reader.long()
  const createdWallMs = Number(reader.long())
  const changedWallMs = Number(reader.long())
  const version = reader.int()
  // How often its children and its rights were changed.
  reader.int()
  reader.int()
  const sessionId = reader.long()
  // The length of its data.
  reader.int()
  const childCount = reader.int()
  const childrenChangedAt = reader.long()
  return { createdAt, changedAt, childrenChangedAt, createdWallMs, changedWallMs, version, sessionId, childCount }
}

export function multiBody(writer: ValueWriter, parts: readonly MultiPart[], owner: NodeOwner): ValueWriter {
  for (const part of parts) {
    writer.int(operationOf(part)).flag(false).int(FAILED)
    if (part.kind === 'create') createBody(writer, part, owner)
    else if (part.kind === 'setData')
      writer
        .text(part.path)
        .bytes(part.data)
        .int(part.version ?? ANY_VERSION)
    else writer.text(part.path).int(part.version ?? ANY_VERSION)
  }
  return writer.int(FAILED).flag(true).int(FAILED)
}

function operationOf(part: MultiPart): number {
  if (part.kind !== 'create') return OPERATION[part.kind]
  return part.mode === 'container' ? OPERATION.createContainer : OPERATION.create2
}

/** One result for each part, also where nothing was done: then with the code of the part that was refused. */
export function readMulti(reader: ValueReader, count: number): readonly PartResult[] {
  const results: PartResult[] = []
  for (;;) {
    const kind = reader.int()
    const isEnd = reader.flag()
    const code = reader.int()
    if (isEnd) break
    if (results.length === count) throw new MalformedAnswer(`a multi of ${count} parts had more results`)
    results.push(readPart(reader, kind, code))
  }
  if (results.length !== count) throw new MalformedAnswer(`a multi of ${count} parts had ${results.length} results`)
  return results
}

function readPart(reader: ValueReader, kind: number, code: number): PartResult {
  if (kind === FAILED) return { code: reader.int() }
  if (kind === OPERATION.create2 || kind === OPERATION.createContainer) {
    return { code, path: reader.text(), stat: readStat(reader) }
  }
  if (kind === CREATE_IN_MULTI) return { code, path: reader.text() }
  if (kind === OPERATION.setData) return { code, stat: readStat(reader) }
  if (kind === OPERATION.delete || kind === OPERATION.check) return { code }
  throw new MalformedAnswer(`a multi had a result of kind ${kind}`)
}

export function isWhole(results: readonly PartResult[]): boolean {
  return results.every(({ code }) => code === CODE.ok)
}
