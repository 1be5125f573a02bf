/** Which store a call means, what is said about a default that others do not see, and what its command inherits. */
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { requireAbility, requireRoot } from '@holdfast/testbed/os/rights'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { documentsIn, type Ended, Running, Sandbox } from './fixture.ts'
import { Secrets } from './secrets.ts'

// Only a failing test takes so long.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

let sandbox: Sandbox
beforeEach(() => {
  sandbox = new Sandbox()
})
afterEach(() => sandbox.close())

const bin = fileURLToPath(new URL('../dist/bin.js', import.meta.url))

/** With nothing in the environment but what is given. */
async function call(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  before: readonly string[] = [],
): Promise<Ended> {
  const [file = '', ...words] = [...before, process.execPath, bin, ...args]
  const child = spawn(file, words, {
    cwd: sandbox.folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], CLI: `${process.execPath} ${bin}`, ...environment },
  })
  return new Running(child).ended
}

const SHOW = 'echo "store=$HOLDFAST_STORE file=$HOLDFAST_STORE_FILE"'
const showing = ['run', 'job', '--', 'sh', '-c', SHOW]

describe('without a named store', () => {
  it('a run says once which file it uses, where others may be meant, and the command gets its path', async () => {
    const home = sandbox.path('home')
    mkdirSync(home)
    const path = join(home, '.local', 'state', 'holdfast', 'locks.db')
    const nested = 'echo "$HOLDFAST_STORE"; $CLI run inner -- true'
    const { code, stdout, stderr } = await call(['run', 'job', '--', 'sh', '-c', nested], { HOME: home })
    expect({ code, stdout }).toEqual({ code: 0, stdout: `sqlite:${path}\n` })
    expect(stderr).toMatch(
      /^holdfast: the lock is in \S+locks\.db, which only runs of this user on this machine see \(.*no terminal.*\)\. .*--store or HOLDFAST_STORE, such as sqlite:\/var\/lib\/holdfast\/locks\.db.*\n$/,
    )
    expect(stderr).toContain(path)
    expect(existsSync(path)).toBe(true)
  })

  it('says it as a document with --json, and why', async () => {
    const home = sandbox.path('home')
    mkdirSync(home)
    const { stderr } = await call(['--json', 'run', 'job', '--', 'true'], { HOME: home, container: 'podman' })
    expect(documentsIn(stderr)).toMatchObject([
      {
        event: 'defaultStore',
        store: expect.stringMatching(/^sqlite:.*\/home\/\.local\/state\/holdfast\/locks\.db$/) as string,
        because: expect.stringContaining('this is a container') as string,
      },
    ])
  })

  it('says nothing when the default was chosen by name, and nothing for those who only look', async () => {
    const home = sandbox.path('home')
    mkdirSync(home)
    const chosen = await call(['--store', 'sqlite:', ...showing], { HOME: home })
    expect(chosen).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining(`sqlite:${home}`) as string })
    expect(await call(['ls'], { HOME: home })).toMatchObject({ code: 0, stderr: '' })
  })

  it.each([
    ['a home that does not exist', () => ({ HOME: '/nonexistent' }), /home folder "\/nonexistent" does not exist/],
    ['an empty home', () => ({ HOME: '' }), /this user has no home folder/],
    ['a file for a home', () => ({ HOME: process.execPath }), /does not exist/],
  ])('with %s is exit code 2 and the way out', async (_, environment, words) => {
    for (const args of [showing, ['ls'], ['doctor']]) {
      const { code, stdout, stderr } = await call(args, environment())
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toMatch(words)
      expect(stderr).toMatch(/--store or HOLDFAST_STORE \(such as sqlite:.*XDG_STATE_HOME/)
    }
    expect((await call(['ls'], { ...environment(), XDG_STATE_HOME: sandbox.path('state') })).code).toBe(0)
  })

  it('a home on a read-only disk is called that, with the way out', async (context) => {
    await requireAbility(context, () => requireRoot('a read-only home'))
    const home = sandbox.path('home')
    mkdirSync(home)
    const script = `mount --bind ${home} ${home} && mount -o remount,bind,ro ${home} && exec "$@"`
    const { code, stderr } = await call(showing, { HOME: home }, ['unshare', '--mount', 'sh', '-c', script, 'sh'])
    expect(code).toBe(69)
    expect(stderr).toMatch(/is on a read-only file system.*name another store with --store or HOLDFAST_STORE\n$/)
  })
})

describe('a store URL in a file', () => {
  const write = (text: string, mode = 0o600): string => {
    const path = sandbox.path('store')
    writeFileSync(path, text)
    chmodSync(path, mode)
    return path
  }

  it('is read for every command, and the command of a run inherits the file and not the URL', async () => {
    const path = write(`${sandbox.store}\n`)
    const expected = { code: 0, stderr: '', stdout: `store= file=${path}\n` }
    expect(await call(['--store-file', 'store', ...showing])).toMatchObject(expected)
    expect(await call(showing, { HOLDFAST_STORE_FILE: path })).toMatchObject(expected)
    const nested = await call(['--store-file', 'store', 'run', 'job', '--', 'sh', '-c', `cd /; $CLI ls`])
    expect(nested).toMatchObject({ code: 0, stdout: expect.stringMatching(/\njob +held/) as string })
    const over = await call(['--store', sandbox.store, ...showing], { HOLDFAST_STORE_FILE: path })
    expect(over).toMatchObject({ code: 0, stdout: `store=${sandbox.store} file=\n` })
    expect(await call(['--store-file', 'store', ...showing], { HOLDFAST_STORE: 'gopher://x' })).toMatchObject(expected)
  })

  it('beside another one on the same level is refused', async () => {
    const path = write(sandbox.store)
    const both = await call(['--store', sandbox.store, '--store-file', path, 'ls'])
    expect(both).toMatchObject({ code: 2, stderr: 'holdfast: --store and --store-file exclude each other\n' })
    const variables = await call(['ls'], { HOLDFAST_STORE: sandbox.store, HOLDFAST_STORE_FILE: path })
    expect(variables).toMatchObject({ code: 2, stderr: expect.stringMatching(/are both set: keep the one/) as string })
  })

  it.each([
    ['that is missing', () => sandbox.path('nowhere'), /cannot be read: ENOENT/],
    ['that is a folder', () => sandbox.folder, /is not a file/],
    ['that is empty', () => write('\n'), /is empty/],
    ['of several lines', () => write('redis://me:c4n4ry@a\nredis://b\n'), /more than one line/],
    ['without end', () => write('c4n4ry'.repeat(1_000)), /longer than 4096 bytes/],
    ['that others may read, with a password', () => write('redis://me:c4n4ry@a', 0o644), /password in it: chmod o-r/],
    ['that others may write', () => write('redis://a', 0o602), /choose where the locks are: chmod o-w/],
    ['of another scheme', () => write('gopher://me:c4n4ry@a'), /unknown store scheme "gopher:"/],
    ['with a mistake', () => write('redis://me:c4n4ry@a/prod'), /number of a database .* at character 21/],
  ])('%s is exit code 2, without a word of what is in it', async (_, make, words) => {
    const { code, stdout, stderr } = await call(['--store-file', make(), 'ls'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(words)
    expect(stderr).not.toContain('c4n4ry')
  })

  it('may be read by others without a password in it, and as an orchestrator mounts a secret', async () => {
    expect((await call(['--store-file', write(sandbox.store, 0o644), 'ls'])).code).toBe(0)
    // A volume of Kubernetes: a link into a folder that is replaced as a whole.
    mkdirSync(sandbox.path('..2026_01_05'))
    writeFileSync(sandbox.path('..2026_01_05/store'), 'redis://me:c4n4ry@127.0.0.1:1')
    symlinkSync('..2026_01_05/store', sandbox.path('mounted'))
    const { code, stderr } = await call(['--store-file', 'mounted', 'ls'])
    expect({ code, stderr }).toEqual({ code: 69, stderr: expect.stringContaining('ECONNREFUSED') as string })
    expect(stderr).not.toContain('c4n4ry')
  })

  it('is in --help, with the reason', async () => {
    expect((await call(['--help'])).stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /--store-file <path> read the store URL from a file, because ps shows arguments.*HOLDFAST_STORE_FILE/,
    )
  })
})

describe('a configuration', () => {
  const write = (text: string, mode = 0o600): string => {
    const path = sandbox.path('.config/holdfast/config.json')
    mkdirSync(sandbox.path('.config/holdfast'), { recursive: true })
    writeFileSync(path, text)
    chmodSync(path, mode)
    return path
  }

  it('of the user names store and namespace, which options and the environment name in its place', async () => {
    const path = write(JSON.stringify({ store: sandbox.store, namespace: 'shop' }))
    const holder = sandbox.start(['--namespace', 'shop', 'hold', 'job'])
    await holder.says(/job/)
    const listed = async (args: readonly string[], environment: NodeJS.ProcessEnv): Promise<string> =>
      (await sandbox.talk([...args, 'ls', '--json'], [], environment)).stdout
    expect(await listed([], { HOME: sandbox.folder })).toMatch(/^\{"namespace":"shop","name":"job",/)
    expect(await listed(['--config', path], {})).toMatch(/"shop"/)
    expect(await listed([], { HOLDFAST_CONFIG: path })).toMatch(/"shop"/)
    expect(await listed([], { HOME: sandbox.folder, HOLDFAST_NAMESPACE: 'other' })).toBe('')
    expect(await listed(['--store', `sqlite:${sandbox.path('other.db')}`], { HOME: sandbox.folder })).toBe('')
    const without = { HOME: sandbox.folder, HOLDFAST_STORE: sandbox.store }
    expect(await listed(['--no-config'], without)).toBe('')
    expect(await listed([], without)).toMatch(/"shop"/)
    holder.kill('SIGTERM')
    await holder.ended
  })

  it.each([
    ['that was named and is missing', () => sandbox.path('nowhere'), /cannot be read: ENOENT/],
    ['that is no JSON', () => write('{\n  "store": c4n4ry\n}'), /is not JSON/],
    [
      'with an unknown key',
      () => write('{ "store": "redis://a",\n "sotre": "c4n4ry" }'),
      /line 2: "sotre" must be text, and one of store/,
    ],
    ['with a number', () => write('{ "namespace": 1 }'), /line 1: "namespace" must be text/],
    ['with two stores', () => write('{ "store": "redis://a", "storeFile": "b" }'), /keep the one that is meant/],
    ['with a path of nowhere', () => write('{ "store": "sqlite:locks.db" }'), /begins with a slash/],
    ['that others may write', () => write('{}', 0o620), /other users may write.*chmod go-w, or --no-config/],
    ['that others may read, with a password', () => write('{ "store": "redis://me:c4n4ry@a" }', 0o644), /chmod o-r/],
  ])('%s is exit code 2, without a word of what is in it', async (_, make, words) => {
    const { code, stdout, stderr } = await sandbox.talk(['ls'], [], { HOLDFAST_CONFIG: make() })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(words)
    expect(stderr).not.toContain('c4n4ry')
  })
})

describe('a lock file for all users of a machine', () => {
  it('is that of a folder that a group may write to', async (context) => {
    await requireAbility(context, () => requireRoot('two users'))
    const [folder, file] = [sandbox.path('shared'), sandbox.path('shared/locks.db')]
    const group = 60_000
    execFileSync('chmod', ['755', sandbox.folder])
    mkdirSync(folder)
    chownSync(folder, 0, group)
    chmodSync(folder, 0o2770)
    writeFileSync(file, '')
    chownSync(file, 0, group)
    chmodSync(file, 0o660)
    const as = (uid: number): string[] => ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, `--groups=${group}`]
    const environment = { HOLDFAST_STORE: `sqlite:${file}` }
    const inner = `${as(60_002).join(' ')} $CLI run --no-wait nightly -- echo two`
    // Root starts both, because only root may be several users.
    const alone = await call(['run', 'nightly', '--', 'echo', 'one'], environment, as(60_001))
    expect(alone).toMatchObject({ code: 0, stdout: 'one\n' })
    const busy = await call(['run', 'nightly', '--', 'sh', '-c', inner], environment)
    expect(busy).toMatchObject({ code: 75, stdout: '' })
    const after = await call(['run', 'nightly', '--', 'echo', 'two'], environment, as(60_002))
    expect(after).toMatchObject({ code: 0, stdout: 'two\n' })
    expect(statSync(file).mode & 0o777).toBe(0o660)
  })
})

describe('what is masked', () => {
  const hidden = (url: string, text: string): string => {
    const secrets = new Secrets()
    secrets.learn(url)
    return secrets.hide(text)
  }

  it('is a password wherever it stands, but no word of our own sentences', () => {
    const sentence = 'unknown store scheme "postgres:"; known: redis:, sqlite: (for example redis://host:6379)'
    for (const url of [
      'postgres://postgres@db/x',
      'postgres://redis:store@db',
      'redis://:redis@host',
      'mysql+x://mysql@db',
    ])
      expect(hidden(url, sentence)).toBe(sentence)
    expect(hidden('postgres://postgres@db/x', 'at postgres://postgres@db/x')).toBe('at ***')
    expect(hidden('redis://app:hunter2@db', 'no hunter2, no app:hunter2@db')).toBe('no ***, no ***db')
  })

  it('is each password of a URL that has several', () => {
    const url = 'redlock://app:hunter2@a:1,app:correct7@b:1/0,c:1?from=app:horse55@d:1,e:1'
    expect(hidden(url, 'hunter2, correct7, horse55')).toBe('***, ***, ***')
  })

  it('is a user name alone only where it may be a token', () => {
    expect(hidden('redis://app_user@db', 'app_user may not')).toBe('app_user may not')
    expect(hidden('redis://tok3n-4711@db', 'tok3n-4711 may not')).toBe('*** may not')
  })
})
