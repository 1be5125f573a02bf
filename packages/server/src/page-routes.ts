/** The page for people, out of the folder beside this file. It loads nothing from anywhere else, and says so to the browser. */
import { readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import type { App } from './call.ts'

interface Asset {
  readonly type: string
  readonly text: string
}

const FOLDER = new URL('page/', import.meta.url)
/** As this file: `.ts` from the sources, `.js` where it was built. */
const ENDING = import.meta.url.slice(import.meta.url.lastIndexOf('.'))
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export function addPageRoutes(app: App): void {
  const assets = assetsOf(readdirSync(FOLDER))
  app.on('GET', ['/', '/page/:file'], async (call, next) => {
    const asset = assets.get(call.req.param('file') ?? 'index.html')
    if (asset === undefined) return await next()
    call.header('Content-Type', asset.type)
    call.header('Content-Security-Policy', POLICY)
    call.header('X-Content-Type-Options', 'nosniff')
    call.header('Referrer-Policy', 'no-referrer')
    return call.body(asset.text)
  })
}

/** Only what is there at the start is ever served. */
function assetsOf(files: readonly string[]): ReadonlyMap<string, Asset> {
  return new Map(
    files.flatMap((file): readonly (readonly [string, Asset])[] => {
      const text = readFileSync(new URL(file, FOLDER), 'utf8')
      if (file === 'index.html') {
        return [[file, { type: 'text/html; charset=utf-8', text: text.replace('main.ts', `main${ENDING}`) }]]
      }
      if (file === 'page.css') return [[file, { type: 'text/css; charset=utf-8', text }]]
      if (!/^[a-z-]+\.[jt]s$/.test(file)) return []
      const code = ENDING === '.ts' ? stripTypeScriptTypes(text) : text
      return [[file, { type: 'text/javascript; charset=utf-8', text: code }]]
    }),
  )
}
