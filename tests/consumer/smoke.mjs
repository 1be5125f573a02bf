/**
 * Run by each supported Node against the built library: every entry point loads, `require` gives what `import` gives, and
 * a lock in a file is a lock.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const manifest = JSON.parse(readFileSync(new URL('../../packages/holdfast/package.json', import.meta.url), 'utf8'))
const entries = Object.keys(manifest.exports).filter((entry) => entry !== './package.json')
const require = createRequire(import.meta.url)
for (const entry of entries) {
  const loaded = await import(entry.replace(/^\./, 'holdfast'))
  assert.ok(Object.keys(loaded).length > 0, `${entry} exports nothing`)
  const required = require(entry.replace(/^\./, 'holdfast'))
  for (const [name, value] of Object.entries(loaded)) assert.equal(required[name], value, `${entry} has ${name} twice`)
}

const { holdfast } = await import('holdfast')
const { sqlite } = await import('holdfast/sqlite')
const folder = mkdtempSync(join(tmpdir(), 'holdfast-smoke-'))
try {
  const path = join(folder, 'locks.db')
  const [one, two] = [holdfast(sqlite({ path })), holdfast(sqlite({ path }))]
  const first = await one.acquire('seat')
  assert.equal(await two.tryAcquire('seat'), null)
  assert.equal(await first.release(), 'released')
  const second = await two.acquire('seat', { wait: '5s' })
  assert.ok(second.token > first.token)
  await Promise.all([one.close(), two.close()])
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.stdout.write(`ok ${process.versions.node}: ${entries.length} entry points\n`)
