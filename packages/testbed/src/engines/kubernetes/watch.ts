/** One watch of a stand-in: events as lines of JSON, a bookmark now and then, an error where its beginning is gone. */
import type { ServerResponse } from 'node:http'
import type { LeaseBook } from './lease-book.ts'
import type { Lease } from './lease.ts'
import { StatusError } from './status.ts'

const BOOKMARK_MS = 10_000
const SECONDS_DEFAULT = 1_800

export interface WatchRequest {
  readonly namespace: string
  readonly query: URLSearchParams
  readonly selects: (lease: Lease) => boolean
}

export function watch(book: LeaseBook, { namespace, query, selects }: WatchRequest, response: ServerResponse): void {
  const line = (type: string, object: unknown): void => void response.write(`${JSON.stringify({ type, object })}\n`)
  const asked = Number(query.get('resourceVersion') ?? '0')
  response.writeHead(200, { 'content-type': 'application/json' })
  response.flushHeaders()
  try {
    if (asked === 0) for (const lease of book.all(namespace)) if (selects(lease)) line('ADDED', lease)
    const end = book.watch(asked === 0 ? book.version : asked, ({ type, object }) => {
      if (object.metadata.namespace === namespace && selects(object)) line(type, object)
    })
    const seconds = Number(query.get('timeoutSeconds') ?? SECONDS_DEFAULT)
    const over = setTimeout(() => response.end(), seconds * 1000)
    const bookmarks = setInterval(() => line('BOOKMARK', bookmarkOf(book)), BOOKMARK_MS)
    response.once('close', () => {
      end()
      clearTimeout(over)
      clearInterval(bookmarks)
    })
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    line('ERROR', error.status)
    response.end()
  }
}

function bookmarkOf({ version }: LeaseBook): object {
  const metadata = { resourceVersion: String(version), creationTimestamp: null }
  return { kind: 'Lease', apiVersion: 'coordination.k8s.io/v1', metadata, spec: {} }
}
