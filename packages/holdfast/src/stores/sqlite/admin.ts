/** What operators ask: which resources are in use, and taking a lock away. */
import type { ResourcePage, StoreAdmin } from '../../store/store.ts'
import { evictFromLine, isIdle, sweep } from '../../line/transition.ts'
import type { LockFile } from './lock-file.ts'

/** Lines looked at for one page: a file full of ended claims must not stall the process. */
const LOOKED_AT_MAX = 10_000

/** `handle` answers the open handle, or throws. */
export function adminOf(handle: () => LockFile): StoreAdmin {
  return {
    list: async (prefix, cursor, limit) => page(handle(), prefix, cursor ?? '', limit),
    evict: async (resource, token, reason) =>
      handle().change(
        (changes) => changes.apply(resource, undefined, (line, now) => evictFromLine(line, token, reason, now)).answer,
      ),
  }
}

function page(handle: LockFile, prefix: string, after: string, limit: number): ResourcePage {
  const now = handle.now()
  const resources: string[] = []
  let cursor: string | undefined
  let lookedAt = 0
  let isWhole = true
  handle.read((lines) =>
    lines.list(prefix, after, ({ resource, line }) => {
      const found = !isIdle(sweep(line, now))
      if (lookedAt === LOOKED_AT_MAX || (found && resources.length === limit)) {
        isWhole = false
        return false
      }
      lookedAt += 1
      cursor = resource
      if (found) resources.push(resource)
      return true
    }),
  )
  return isWhole || cursor === undefined ? { resources } : { resources, cursor }
}
