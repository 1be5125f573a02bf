/** The search of the built site, as a browser would ask it: the same index, over HTTP. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** What is used of the module that Pagefind writes beside its index. */
interface Pagefind {
  options(options: { readonly basePath: string; readonly baseUrl: string }): Promise<void>
  search(words: string): Promise<{ readonly results: readonly { data(): Promise<{ readonly url: string }> }[] }>
  destroy(): Promise<void>
}

export interface SiteSearch {
  /** The first three pages, best first. */
  ask(question: string): Promise<readonly string[]>
  close(): Promise<void>
}

export async function searchOf(built: string): Promise<SiteSearch> {
  const server = createServer(({ url = '/' }, response) => {
    response.end(readFileSync(join(built, new URL(url, 'http://localhost').pathname)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const found = (await import(pathToFileURL(join(built, 'pagefind', 'pagefind.js')).href)) as Pagefind
  await found.options({ basePath: `http://127.0.0.1:${port}/pagefind/`, baseUrl: '/' })
  return {
    async ask(question) {
      const { results } = await found.search(question)
      return await Promise.all(results.slice(0, 3).map(async (result) => (await result.data()).url))
    },
    async close() {
      await found.destroy()
      server.close()
      server.closeAllConnections()
    },
  }
}
