/** The messages of etcd that are used (`etcdserverpb`, `mvccpb`), with the numbers of their fields, and its methods. */
import type { MessageShape } from './message.ts'

export interface KeyValue {
  readonly key: string
  readonly createRevision: bigint
  readonly modRevision: bigint
  readonly version: bigint
  readonly value: string
  readonly lease: bigint
}
const keyValue: MessageShape<KeyValue> = {
  key: [1, 'text'],
  createRevision: [2, 'int64'],
  modRevision: [3, 'int64'],
  version: [4, 'int64'],
  value: [5, 'text'],
  lease: [6, 'int64'],
}

interface AnswerHeader {
  readonly memberId: bigint
  readonly revision: bigint
  /** Rises with each election. */
  readonly term: bigint
}
const header: MessageShape<AnswerHeader> = { memberId: [2, 'uint64'], revision: [3, 'int64'], term: [4, 'uint64'] }

/** Every answer of the key-value store has one. */
export interface Answer {
  readonly header?: AnswerHeader
}

export interface RangeRequest {
  readonly key: string
  /** Up to this key, and without it. @default the one key */
  readonly rangeEnd?: string
  readonly limit?: bigint
  readonly sortOrder?: number
  readonly sortTarget?: number
  readonly keysOnly?: boolean
  readonly countOnly?: boolean
  readonly maxCreateRevision?: bigint
}
const rangeRequest: MessageShape<RangeRequest> = {
  key: [1, 'text'],
  rangeEnd: [2, 'text'],
  limit: [3, 'int64'],
  sortOrder: [5, 'int32'],
  sortTarget: [6, 'int32'],
  keysOnly: [8, 'bool'],
  countOnly: [9, 'bool'],
  maxCreateRevision: [13, 'int64'],
}
export const SORT = { ascending: 1, byCreateRevision: 2 } as const

export interface RangeAnswer extends Answer {
  readonly kvs: readonly KeyValue[]
  readonly more: boolean
  readonly count: bigint
}
const rangeAnswer: MessageShape<RangeAnswer> = {
  header: [1, 'message', () => header],
  kvs: [2, 'messages', () => keyValue],
  more: [3, 'bool'],
  count: [4, 'int64'],
}

export interface PutRequest {
  readonly key: string
  readonly value: string
  readonly lease: bigint
}
const putRequest: MessageShape<PutRequest> = { key: [1, 'text'], value: [2, 'text'], lease: [3, 'int64'] }

interface DeleteRequest {
  readonly key: string
}
const deleteRequest: MessageShape<DeleteRequest> = { key: [1, 'text'] }
interface DeleteAnswer {
  readonly deleted: bigint
}
const deleteAnswer: MessageShape<DeleteAnswer> = { deleted: [2, 'int64'] }

export interface Compare {
  readonly result: number
  readonly target: number
  readonly key: string
  readonly version?: bigint
  readonly createRevision?: bigint
  readonly modRevision?: bigint
  readonly value?: string
  readonly rangeEnd?: string
}
const compare: MessageShape<Compare> = {
  result: [1, 'int32'],
  target: [2, 'int32'],
  key: [3, 'text'],
  version: [4, 'int64'],
  createRevision: [5, 'int64'],
  modRevision: [6, 'int64'],
  value: [7, 'text'],
  rangeEnd: [64, 'text'],
}
export const COMPARE = {
  result: { equal: 0, greater: 1, less: 2 },
  target: { version: 0, created: 1, modified: 2, value: 3 },
} as const

/** One of them. */
export interface Operation {
  readonly range?: RangeRequest
  readonly put?: PutRequest
  readonly delete?: DeleteRequest
  readonly txn?: TxnRequest
}
const operation: MessageShape<Operation> = {
  range: [1, 'message', () => rangeRequest],
  put: [2, 'message', () => putRequest],
  delete: [3, 'message', () => deleteRequest],
  txn: [4, 'message', () => txnRequest],
}
export interface OperationAnswer {
  readonly range?: RangeAnswer
  readonly delete?: DeleteAnswer
  readonly txn?: TxnAnswer
}
const operationAnswer: MessageShape<OperationAnswer> = {
  range: [1, 'message', () => rangeAnswer],
  delete: [3, 'message', () => deleteAnswer],
  txn: [4, 'message', () => txnAnswer],
}

export interface TxnRequest {
  readonly compare: readonly Compare[]
  readonly success: readonly Operation[]
  readonly failure: readonly Operation[]
}
const txnRequest: MessageShape<TxnRequest> = {
  compare: [1, 'messages', () => compare],
  success: [2, 'messages', () => operation],
  failure: [3, 'messages', () => operation],
}
export interface TxnAnswer extends Answer {
  readonly succeeded: boolean
  readonly responses: readonly OperationAnswer[]
}
const txnAnswer: MessageShape<TxnAnswer> = {
  header: [1, 'message', () => header],
  succeeded: [2, 'bool'],
  responses: [3, 'messages', () => operationAnswer],
}

interface LeaseRequest {
  readonly id: bigint
}
const leaseRequest: MessageShape<LeaseRequest> = { id: [1, 'int64'] }
interface GrantRequest extends LeaseRequest {
  readonly ttl: bigint
}
const grantRequest: MessageShape<GrantRequest> = { ttl: [1, 'int64'], id: [2, 'int64'] }
interface LeaseAnswer {
  readonly id: bigint
  /** In seconds; 0 when there is no such lease. */
  readonly ttl: bigint
}
const leaseAnswer: MessageShape<LeaseAnswer> = { id: [2, 'int64'], ttl: [3, 'int64'] }
interface RemainingAnswer {
  /** In whole seconds, rounded down; -1 when there is no such lease. */
  readonly ttl: bigint
}
const remainingAnswer: MessageShape<RemainingAnswer> = { ttl: [3, 'int64'] }
/** What says nothing but that it was done. */
const empty: MessageShape<object> = {}

export interface WatchCreation {
  readonly key: string
  readonly rangeEnd?: string
  /** @default from now on */
  readonly startRevision?: bigint
  readonly watchId: bigint
}
export interface WatchRequest {
  readonly create?: WatchCreation
  readonly cancel?: { readonly watchId: bigint }
}
const watchCreation: MessageShape<WatchCreation> = {
  key: [1, 'text'],
  rangeEnd: [2, 'text'],
  startRevision: [3, 'int64'],
  watchId: [7, 'int64'],
}
const watchEnd: MessageShape<{ readonly watchId: bigint }> = { watchId: [1, 'int64'] }
export const watchRequest: MessageShape<WatchRequest> = {
  create: [1, 'message', () => watchCreation],
  cancel: [2, 'message', () => watchEnd],
}

export interface WatchEvent {
  readonly type: number
  readonly kv?: KeyValue
}
const watchEvent: MessageShape<WatchEvent> = { type: [1, 'int32'], kv: [2, 'message', () => keyValue] }
export const DELETED = 1
export interface WatchAnswer extends Answer {
  readonly watchId: bigint
  readonly created: boolean
  readonly canceled: boolean
  readonly events: readonly WatchEvent[]
}
export const watchAnswer: MessageShape<WatchAnswer> = {
  header: [1, 'message', () => header],
  watchId: [2, 'int64'],
  created: [3, 'bool'],
  canceled: [4, 'bool'],
  events: [11, 'messages', () => watchEvent],
}

interface LoginRequest {
  readonly name: string
  readonly password: string
}
const loginRequest: MessageShape<LoginRequest> = { name: [1, 'text'], password: [2, 'text'] }
interface LoginAnswer {
  readonly token: string
}
const loginAnswer: MessageShape<LoginAnswer> = { token: [2, 'text'] }

export interface ServerStatus extends Answer {
  readonly version: string
  readonly databaseBytes: bigint
  readonly leader: bigint
  /** What the server itself finds wrong. */
  readonly errors: readonly string[]
}
const serverStatus: MessageShape<ServerStatus> = {
  header: [1, 'message', () => header],
  version: [2, 'text'],
  databaseBytes: [3, 'int64'],
  leader: [4, 'uint64'],
  errors: [8, 'texts'],
}
interface EtcdMembers {
  readonly members: readonly { readonly id: bigint }[]
}
const member: MessageShape<{ readonly id: bigint }> = { id: [1, 'uint64'] }
const members: MessageShape<EtcdMembers> = { members: [2, 'messages', () => member] }

/** What is asked once and answered once. */
export interface UnaryMethod<Request extends object, Response extends object> {
  readonly path: string
  readonly request: MessageShape<Request>
  readonly response: MessageShape<Response>
}

const unary = <Request extends object, Response extends object>(
  path: string,
  request: MessageShape<Request>,
  response: MessageShape<Response>,
): UnaryMethod<Request, Response> => ({ path: `/etcdserverpb.${path}`, request, response })

export const WATCH_PATH = '/etcdserverpb.Watch/Watch'
export const txnMethod: UnaryMethod<TxnRequest, TxnAnswer> = unary('KV/Txn', txnRequest, txnAnswer)
export const rangeMethod: UnaryMethod<RangeRequest, RangeAnswer> = unary('KV/Range', rangeRequest, rangeAnswer)
export const grantMethod: UnaryMethod<GrantRequest, LeaseAnswer> = unary('Lease/LeaseGrant', grantRequest, leaseAnswer)
/** A stream that is used for one question alone. */
export const keepAliveMethod: UnaryMethod<LeaseRequest, LeaseAnswer> = unary(
  'Lease/LeaseKeepAlive',
  leaseRequest,
  leaseAnswer,
)
/** How long it lasts from now on. */
export const remainingMethod: UnaryMethod<LeaseRequest, RemainingAnswer> = unary(
  'Lease/LeaseTimeToLive',
  leaseRequest,
  remainingAnswer,
)
export const revokeMethod: UnaryMethod<LeaseRequest, object> = unary('Lease/LeaseRevoke', leaseRequest, empty)
export const loginMethod: UnaryMethod<LoginRequest, LoginAnswer> = unary('Auth/Authenticate', loginRequest, loginAnswer)
export const statusMethod: UnaryMethod<object, ServerStatus> = unary('Maintenance/Status', empty, serverStatus)
export const membersMethod: UnaryMethod<object, EtcdMembers> = unary('Cluster/MemberList', empty, members)
