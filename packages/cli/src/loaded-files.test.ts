/** What a command does not use is not loaded: a crontab that calls it every minute pays for it every minute. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const bin = fileURLToPath(new URL('../dist/bin.js', import.meta.url))
const LISTING = `
import { registerHooks } from 'node:module'
import { writeSync } from 'node:fs'
const loaded = []
registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
process.on('exit', () => writeSync(1, loaded.join('\\n')))`

test('run loads its own command and the store of its URL, and no other recipe, command, driver or testing aid', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-'))
  try {
    const hook = `data:text/javascript,${encodeURIComponent(LISTING)}`
    const command = ['run', 'name', '--store', `sqlite:${join(folder, 'locks.db')}`, '--', 'true']
    const loaded = execFileSync(process.execPath, ['--import', hook, bin, ...command], { encoding: 'utf8' }).split('\n')
    const named = (pattern: RegExp): readonly string[] => loaded.filter((url) => pattern.test(url))
    expect(named(/\/stores\/sqlite\/index\.js$/)).toHaveLength(1)
    expect(named(/\/cli\/dist\/run\.js$/)).toHaveLength(1)
    expect(named(/\/(?:ioredis|pg|mysql2|testing)\//)).toEqual([])
    expect(named(/\/stores\/(?:redis|etcd|postgres|mysql|dynamodb|nats)\//)).toEqual([])
    expect(named(/\/recipes\/(?:election|cron|once|slots|rate-limit)\//)).toEqual([])
    expect(named(/\/cli\/dist\/(?:doctor|elect|cron|once|slot|watch|serve|hold|manual|completion|check)\.js$/)).toEqual(
      [],
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})
