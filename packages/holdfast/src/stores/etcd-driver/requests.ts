/** The parts that requests to etcd are put together from. */
import {
  COMPARE,
  type Compare,
  type KeyValue,
  type Operation,
  type OperationAnswer,
  type RangeRequest,
  SORT,
  type TxnRequest,
} from './messages.ts'

const { equal, greater, less } = COMPARE.result
const { version, created, modified, value } = COMPARE.target

/** 0: there is no such key. */
export function isCreatedAt(key: string, createRevision: bigint): Compare {
  return { result: equal, target: created, key, createRevision }
}

export function isModifiedAt(key: string, modRevision: bigint): Compare {
  return { result: equal, target: modified, key, modRevision }
}

export function hasValue(key: string, text: string): Compare {
  return { result: equal, target: value, key, value: text }
}

/** How often it was written since it was made. */
export function isWrittenMoreOften(key: string, times: number): Compare {
  return { result: greater, target: version, key, version: BigInt(times) }
}

export function isEmpty(prefix: string): Compare {
  return { ...isCreatedAt(prefix, 0n), rangeEnd: rangeEndOf(prefix) }
}

/** Nothing of it was written since; what was deleted is not seen. */
export function isUnchangedSince(prefix: string, revision: bigint): Compare {
  return { result: less, target: modified, key: prefix, modRevision: revision + 1n, rangeEnd: rangeEndOf(prefix) }
}

export function rangeOf(prefix: string, more: Partial<RangeRequest> = {}): RangeRequest {
  return { key: prefix, rangeEnd: rangeEndOf(prefix), ...more }
}

/** Oldest first. */
export function lineRange(prefix: string, more: Partial<RangeRequest> = {}): RangeRequest {
  return rangeOf(prefix, { sortTarget: SORT.byCreateRevision, sortOrder: SORT.ascending, ...more })
}

export function read(key: string): Operation {
  return { range: { key } }
}

export function write(key: string, text: string, lease: bigint): Operation {
  return { put: { key, value: text, lease } }
}

export function erase(key: string): Operation {
  return { delete: { key } }
}

export function either(
  compare: readonly Compare[],
  success: readonly Operation[],
  failure: readonly Operation[],
): TxnRequest {
  return { compare, success, failure }
}

/** What a range found in the place of this operation. */
export function foundIn(answer: OperationAnswer | undefined): readonly KeyValue[] {
  return answer?.range?.kvs ?? []
}

/** What follows all keys that begin so. Keys of ours are ASCII. */
export function rangeEndOf(prefix: string): string {
  const last = prefix.length - 1
  return prefix.slice(0, last) + String.fromCharCode(prefix.charCodeAt(last) + 1)
}
