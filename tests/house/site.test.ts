/** The site: each page of the documentation has a place on it, no link is dead, and people find their page. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sitePage } from '../../scripts/site-pages.mjs'
import { parts, unplaced } from '../../site/side-bar.mjs'
import { CANNOT_INSTALL, deadLinks, pagesOfSite } from '../../scripts/site.mjs'
import { run } from '../support/run.ts'
import { searchOf, type SiteSearch } from '../support/site-search.ts'
import { repositoryFiles, root } from '../support/tree.ts'

/** The first may be a download of some 60 MB. */
const SLOW_MS = 240_000

/** Pages may wait for their place in the order, and not many. */
const UNPLACED_MAX = 3

/** What people type, and the page that they should see among the first three. */
const questions: readonly (readonly [string, string])[] = [
  ['express lock', 'express'],
  ['graceful shutdown', 'shutdown'],
  ['hono', 'express'],
  ['409 conflict', 'fastify'],
  ['fastify plugin', 'fastify'],
  ['double booking', 'fastify'],
  ['nestjs decorator', 'nestjs'],
  ['nestjs cron twice', 'nestjs'],
  ['terminus', 'nestjs'],
  ['bullmq', 'bullmq'],
  ['stalled job', 'bullmq'],
  ['cron runs twice', 'cron'],
  ['node-cron', 'cron'],
  ['leader election', 'election'],
  ['idempotency key', 'once'],
  ['payment twice', 'once'],
  ['rate limit', 'rate-limit'],
  ['cache stampede', 'single-flight'],
  ['worker id', 'slots'],
  ['advisory lock', 'transaction-lock'],
  ['prometheus', 'telemetry'],
  ['grafana', 'telemetry'],
  ['readiness', 'health'],
  ['liveness probe', 'health'],
  ['diagnostics_channel', 'events'],
  ['getting started', 'start'],
  ['lock expires', 'leases'],
  ['how many connections', 'sizing'],
  ['restore a backup', 'backups'],
  ['migrate redis to postgres', 'change-engine'],
  ['fake timers', 'testing'],
  ['redlock esm', 'modules'],
  ['jest commonjs', 'modules'],
  ['crontab', 'run'],
  ['kubernetes cronjob', 'run'],
  ['systemd', 'run'],
  ['force unlock', 'stuck-lock'],
  ['who holds the lock', 'stuck-lock'],
  ['guarantees', 'promises'],
  ['python', 'server'],
  ['LEASE_LOST', 'errors'],
  ['WAIT_TIMEOUT', 'errors'],
  ['vulnerability', 'security'],
  ['sentinel', 'redis'],
  ['postgres', 'postgres'],
  ['dynamodb lambda', 'dynamodb'],
  ['is redlock safe', 'redlock-model'],
  ['what is a fencing token', 'fencing'],
  ['pm2 cluster', 'processes'],
  ['serverless', 'lambda'],
  ['stale write', 'guards'],
  ['benchmark', 'figures'],
  ['ResourceLockedError', 'from-redlock'],
  ['redlock alternative', 'compare'],
  ['production checklist', 'production'],
  ['migrate verrou', 'from-others'],
]

test('each page of the documentation has one place on the site', () => {
  const pages = pagesOfSite()
  expect(repositoryFiles(/\.md$/, 'docs').filter((page) => !pages.includes(page))).toEqual([])
  expect(unplaced().length, 'give each a place in site/side-bar.mjs').toBeLessThanOrEqual(UNPLACED_MAX)
  const placed = parts.flatMap(({ places }) => places.map(({ page }) => page))
  expect(placed.filter((page, index) => placed.indexOf(page) !== index)).toEqual([])
})

test('a page has its title once, links to other pages of the site, and the words of a link to a source', () => {
  const markdown =
    '# `run` it\n\n![one](pictures/a.svg)\n\nSee [the *tokens*](../docs/b.md#one), [`a.ts`](../src/a.ts) and [x](https://example.org).\n\n```js part\n[a](b.md)\n```\n'
  expect(sitePage('docs/a.md', markdown, new Set(['docs/b.md']))).toBe(
    '---\ntitle: "run it"\ndescription: "See the tokens, a.ts and x."\n---\n\n' +
      '![one](/pictures/a.svg)\n\nSee [the *tokens*](/b/#one), `a.ts` and [x](https://example.org).\n\n```js\n[a](b.md)\n```\n',
  )
})

test('a link to a page, a picture and a heading that are missing are found', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-site-'))
  try {
    mkdirSync(join(folder, 'b'))
    writeFileSync(
      join(folder, 'index.html'),
      '<a href="/b/#one">b</a> <a href="/c/">c</a> <img src="/d.svg"> <a href="/b/#two">',
    )
    writeFileSync(join(folder, 'b', 'index.html'), '<h2 id="one"></h2> <a href="#three">')
    expect(deadLinks(folder)).toEqual(['/: /c/', '/: /d.svg', '/: /b/#two', '/b/: #three'])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

describe('the site', { timeout: SLOW_MS }, () => {
  let reason: string | undefined
  let search: SiteSearch | undefined
  beforeAll(async () => {
    const build = ['scripts/site.mjs']
    // Where a process may have a network of its own, it gets an empty one: the build asks for nothing.
    const packages = await run(process.execPath, [...build, '--install'])
    const alone = (await run('unshare', ['-rn', 'true']).catch(() => ({ code: 1 }))).code === 0
    const command = [process.execPath, ...build] as const
    const { code, output } =
      packages.code === 0
        ? await (alone ? run('unshare', ['-rn', ...command]) : run(process.execPath, build))
        : packages
    if (code === CANNOT_INSTALL && process.env['CI'] === undefined) {
      reason = 'the packages of the site cannot be had'
      return
    }
    expect(code, output).toBe(0)
    expect(output).toMatch(/^\d+ pages in site\/dist, 0 dead links$/m)
    search = await searchOf(join(root, 'site', 'dist'))
  }, SLOW_MS)
  afterAll(() => search?.close())

  test.for(questions)('"%s" finds %s among the first three pages', async ([question, page], { skip }) => {
    if (reason !== undefined) skip(reason)
    expect(await search?.ask(question)).toContain(`/${page}/`)
  })
})
