/** Redlock under a run: five servers that know nothing of each other. */
import type { ServerKind } from './server-environment.ts'
import { redisKind } from './redis-environment.ts'

const SCHEME = 'redlock://'
const SERVERS = 5
/** It stands the loss of so many of five, */
const FORGETFUL = 2
/** counted over the time for which a server that lost its data is kept out: from its first vote, a lease and 7 s. */
const KEPT_OUT_MS_BEYOND_LEASE = 10_000

export const redlockKind: ServerKind = {
  count: SERVERS,
  ...(redisKind.start !== undefined && { start: redisKind.start }),
  remember: redisKind.remember,
  recall: redisKind.recall,
  ...(redisKind.wallMs !== undefined && { wallMs: redisKind.wallMs }),
  /** A server that names no user has the one of the first. */
  split(storeUrl) {
    const nodes = storeUrl.slice(SCHEME.length).split(',')
    const [first = ''] = nodes
    const user = first.slice(0, first.lastIndexOf('@') + 1)
    return nodes.map((node) => `redis://${node.includes('@') ? '' : user}${node}`)
  },
  join(urls, called) {
    const servers = `${SCHEME}${urls.map((url) => url.slice(url.indexOf('//') + 2)).join(',')}`
    // Every worker has other addresses for them, and all have to call them alike.
    const isDirect = urls.every((url, index) => url === called[index])
    return isDirect ? servers : `${servers}?names=${called.map(nameOf).join(',')}`
  },
  stands: { servers: FORGETFUL, withinMs: (ttlMs) => ttlMs + KEPT_OUT_MS_BEYOND_LEASE },
}

/** As a client without a proxy in between calls it. */
function nameOf(url: string): string {
  const { hostname, port } = new URL(url)
  return `${hostname}:${port === '' ? '6379' : port}`
}
