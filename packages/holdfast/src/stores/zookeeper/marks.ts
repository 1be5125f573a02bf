/** The evictions of the claims of one session, as the data of one node that ends with it. */
import type { NodeTree } from '../zookeeper-driver/tree.ts'
import { CODE, ServerRefusal } from '../zookeeper-driver/failures.ts'

/** Reasons that their holders have not read: the node stays far below what a server takes. */
const MARKS_MAX = 500

export interface SessionMarks {
  /** `resource/id`, and the reason. */
  readonly marks: ReadonlyMap<string, string>
  /** Of the node, so that no mark is lost between reading and writing. */
  readonly version: number
}

/** A session that has ended has none. */
export async function readMarks(tree: NodeTree, path: string): Promise<SessionMarks> {
  try {
    const { data, stat } = await tree.getData(path)
    return { marks: decoded(String(data)), version: stat.version }
  } catch (error) {
    if (error instanceof ServerRefusal && error.code === CODE.noNode) return { marks: new Map(), version: 0 }
    throw error
  }
}

/** The newest ones, where nobody has read for long. */
export function encodeMarks(marks: ReadonlyMap<string, string>): Buffer {
  return Buffer.from(JSON.stringify([...marks].slice(-MARKS_MAX)))
}

/** What another program wrote there tells nothing. */
function decoded(text: string): ReadonlyMap<string, string> {
  try {
    const pairs: unknown = JSON.parse(text === '' ? '[]' : text)
    const isPair = (pair: unknown): pair is [string, string] =>
      Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === 'string')
    return new Map(Array.isArray(pairs) ? pairs.filter(isPair) : [])
  } catch {
    return new Map()
  }
}
