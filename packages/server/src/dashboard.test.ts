/**
 * The page for people: who gets it, what it may load, and what it does in a browser.
 *
 * @module-tag real-time
 */
import { request } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as chromium from '@holdfast/testbed/browser'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { holdfast, type Locks } from 'holdfast'
import { memory } from 'holdfast/memory'
import { type LockServer, lockServer } from './index.ts'

const EVIL = '<script>document.title = "owned"</script>'

let locks: Locks
let server: LockServer

beforeEach(async () => {
  locks = holdfast(memory(), { owner: 'db3/4711' })
  server = await lockServer({ locks, namespace: 'default', listen: '127.0.0.1:0', dashboard: true })
})
afterEach(async () => {
  await server.close(0)
  await locks.close()
})

const keyOf = (link: string | undefined): string => link?.split('#k=')[1] ?? ''

/** As a browser asks, which says where a request comes from; `fetch` does not let a program say so. */
function statusFor(path: string, headers: Readonly<Record<string, string>>, method = 'GET'): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request(server.url + path, { headers, method }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    call.on('error', reject)
    call.end(method === 'POST' ? '{}' : undefined)
  })
}

describe('the door', () => {
  const POST = { 'content-type': 'application/json' }

  test('lets the page of this server ask, and no page of another origin, port or name', async () => {
    const origin = server.url
    expect(await statusFor('/v1/locks', { 'sec-fetch-site': 'same-origin' })).toBe(200)
    expect(await statusFor('/v1/locks/a/acquire', { ...POST, origin, 'sec-fetch-site': 'same-origin' }, 'POST')).toBe(
      400,
    )
    for (const site of ['cross-site', 'same-site']) {
      expect(await statusFor('/v1/locks', { 'sec-fetch-site': site }), site).toBe(403)
    }
    for (const foreign of ['http://evil.example', 'http://127.0.0.1:1', `${origin}.evil.example`, 'null']) {
      expect(await statusFor('/v1/locks/a/acquire', { ...POST, origin: foreign }, 'POST'), foreign).toBe(403)
    }
    expect(await statusFor('/', { host: 'rebound.example' })).toBe(421)
  })

  test('gives the page its rights by the key of the printed link alone', async () => {
    const lease = await locks.acquire('seat')
    const evict = async (key: string): Promise<number> => {
      const headers = { ...POST, ...(key !== '' && { authorization: `Bearer ${key}` }) }
      const body = JSON.stringify({ token: lease.tokenText, reason: 'stuck' })
      return (await fetch(`${server.url}/v1/locks/seat/evict`, { method: 'POST', headers, body })).status
    }
    expect([await evict(''), await evict('a'.repeat(43))]).toEqual([403, 401])
    expect(await evict(keyOf(server.pageUrl))).toBe(200)
  })

  test('has no page, no key and no right for browsers unless it was asked for', async () => {
    await server.close(0)
    server = await lockServer({ locks, namespace: 'default', listen: '127.0.0.1:0' })
    expect(server.pageUrl).toBeUndefined()
    expect(await statusFor('/', {})).toBe(404)
    expect(await statusFor('/v1/locks', { 'sec-fetch-site': 'same-origin' })).toBe(403)
  })
})

describe('the page', () => {
  test('loads its own parts and forbids everything else', async () => {
    const index = await fetch(server.url)
    expect(index.headers.get('content-security-policy')).toContain(
      "default-src 'none'; script-src 'self'; style-src 'self'",
    )
    const loaded = [...(await index.text()).matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, path = '']) => path)
    expect(loaded.filter((path) => !path.startsWith('/page/') && path !== 'data:,')).toEqual([])
    const seen = new Set<string>()
    const walk = async (path: string): Promise<void> => {
      if (seen.has(path)) return
      seen.add(path)
      const answer = await fetch(server.url + path)
      expect(answer.status, path).toBe(200)
      const text = await answer.text()
      expect(text, path).not.toMatch(/https?:\/\/(?!www\.w3\.org)|@import|url\(|\beval\(|new Function/)
      for (const [, part = ''] of text.matchAll(/^import .*from '\.\/([^']+)'/gm)) await walk(`/page/${part}`)
    }
    for (const path of loaded) if (path.startsWith('/page/')) await walk(path)
    expect(seen.size).toBeGreaterThan(8)
  })

  test('is not a way to the files beside it', async () => {
    for (const path of ['/page/..%2fgate.ts', '/page/page.test.ts', '/page/%2e%2e/gate.ts', '/page/none.ts']) {
      expect(await statusFor(path, {}), path).toBe(404)
    }
  })

  test('says what its reader may do, and what the store promises', async () => {
    const document = async (headers: Readonly<Record<string, string>>): Promise<unknown> =>
      (await fetch(`${server.url}/v1/store`, { headers })).json()
    expect(await document({})).toMatchObject({
      facts: { safetyClass: 'best-effort' },
      may: { scopes: ['read', 'lock'] },
    })
    expect(await document({ authorization: `Bearer ${keyOf(server.pageUrl)}` })).toMatchObject({
      may: { scopes: ['read', 'lock', 'operate'], prefix: '' },
    })
  })
})

describe('in a browser', () => {
  test(
    'it shows locks as text, follows a hand-over, evicts, and survives its server',
    { timeout: 60_000 },
    async (context) => {
      const program = await requireEngine(context, chromium)
      const held = await locks.acquire('orders:run')
      const evil = await locks.acquire(EVIL)
      await using browser = await chromium.Browser.open(program, server.pageUrl ?? '')
      const text = (selector: string): Promise<unknown> =>
        browser.value(`document.querySelector(${JSON.stringify(selector)})?.textContent`)
      await expect.poll(() => text('#rows')).toContain(EVIL)
      expect(await browser.value('document.title + location.hash')).toBe('Holdfast#/')

      const waiting = locks.acquire('orders:run', { wait: '20s' })
      await expect.poll(() => text('#rows tr:first-child .waiters')).toBe('1 wait')
      await held.release()
      const next = await waiting
      await expect.poll(() => text('#rows')).toContain(next.tokenText.slice(-6))

      await browser.value("location.hash = '#/lock/orders:run'")
      await expect.poll(() => text('[data-evict]')).toBe('Evict…')
      await browser.value("document.querySelector('[data-evict]').click()")
      expect(await text('#evict-token')).toBe(next.tokenText)
      expect(await browser.value("document.getElementById('evict-send').disabled")).toBe(true)
      await browser.value(`
      document.getElementById('reason').value = 'db3 is replaced'
      document.getElementById('reason').dispatchEvent(new Event('input'))
      document.getElementById('evict-send').click()`)
      await expect.poll(() => next.isHeld()).toBe(false)
      await expect.poll(() => text('#one .sentence')).toContain('Free')

      const listen = server.url.replace('http://', '')
      await browser.value("location.hash = '#/'")
      await server.close(0)
      await expect.poll(() => text('#state')).toBe('reconnecting …')
      server = await lockServer({ locks, namespace: 'default', listen, dashboard: true })
      // The key was of the run before: the page reads on without it, and evicts again with the new link.
      await expect.poll(() => text('#state')).toBe('live')
      await expect.poll(() => text('#rows')).toContain(EVIL)
      const chosen = `#/lock/${evil.sequencer.split('/')[1] ?? ''}`
      await browser.value(`location.hash = ${JSON.stringify(chosen)}`)
      await expect.poll(() => browser.value("document.querySelector('#one button')?.title")).toContain('"operate"')
      await browser.value(`location.hash = ${JSON.stringify(`#k=${keyOf(server.pageUrl)}`)}`)
      await expect.poll(() => text('#rows')).toContain(EVIL)
      expect(await evil.release()).toBe('released')
      await expect.poll(() => text('#rows')).toBe('')
      expect(browser.complaints).toEqual([])
    },
  )

  test(
    'ten thousand locks are a window of rows, and a process has a page of its own',
    { timeout: 60_000 },
    async (context) => {
      const program = await requireEngine(context, chromium)
      for (let place = 0; place < 10_000; place += 1) await locks.acquire(`seat:${place}`, { ttl: '10m' })
      await using browser = await chromium.Browser.open(program, server.pageUrl ?? '')
      const text = (selector: string): Promise<unknown> =>
        browser.value(`document.querySelector(${JSON.stringify(selector)})?.textContent`)
      await expect.poll(() => text('body')).toContain('10000 shown')
      expect(await browser.value("document.querySelectorAll('#rows tr').length")).toBeLessThan(200)
      await browser.value("document.querySelector('#rows .owner a').click()")
      await expect.poll(() => text('#one .sentence')).toContain('among the 1000 that end first')
      expect(await browser.value('location.hash')).toBe('#/owner/db3@2F4711')
      expect(browser.complaints).toEqual([])
    },
  )
})
