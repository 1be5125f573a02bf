/**
 * A newer version of an engine from a later suite of Debian, unpacked into a folder of its own: nothing of the system
 * is touched and no root is needed. The mirror is the one that this machine uses; it is never written down here.
 */
import { existsSync, readdirSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { run, which } from './command.ts'
import type { Program } from './driver.ts'
import { EngineNotAvailable } from './engine.ts'
import { versionOf, type Wanted } from './install.ts'
import { oneAtATime } from './one-at-a-time.ts'

const SUITE = 'sid'
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
const WITHIN_MS = 90_000
const UNPACK_WITHIN_MS = 60_000

export async function locateNewer(wanted: Wanted): Promise<Program> {
  const root = join(cacheFolder(), `${SUITE}-${wanted.packages.join('-')}`)
  if (!existsSync(root)) {
    await oneAtATime('unpack', async () => {
      if (!existsSync(root)) await bring(wanted, root)
    })
  }
  // Its C library is newer than the machine's, so it runs under its own loader.
  const [loader, libraries] = [loaderIn(root), libraryFolderIn(root)]
  const program = ['usr/bin', 'usr/sbin']
    .map((folder) => join(root, folder, wanted.program))
    .find((each) => existsSync(each))
  if (loader === undefined || libraries === undefined || program === undefined) {
    throw new EngineNotAvailable(
      wanted.engineName,
      `the packages of ${SUITE} did not bring ${wanted.program} and a loader`,
    )
  }
  const command: Program['command'] = [loader, '--library-path', libraries, program]
  return { version: await versionOf(command, wanted), command }
}

function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'holdfast-lab')
}

async function bring(wanted: Wanted, root: string): Promise<void> {
  for (const tool of ['apt-get', 'dpkg-deb']) {
    if ((await which(tool)) === undefined)
      throw new EngineNotAvailable(wanted.engineName, `this machine has no ${tool}`)
  }
  const work = `${root}.${process.pid}`
  try {
    await unpack(wanted, await mirror(), work)
    await rename(join(work, 'root'), root)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new EngineNotAvailable(wanted.engineName, `${wanted.packages.join(', ')} of ${SUITE}: ${reason}`)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Where this machine gets Debian from, in apt's own reading of its sources. */
async function mirror(): Promise<string> {
  const format = '$(LABEL) $(REPO_URI)'
  const lines = await run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'], {
    withinMs: WITHIN_MS,
  })
  const uri = lines
    .split('\n')
    .find((line) => line.startsWith('Debian '))
    ?.slice('Debian '.length)
  if (uri === undefined || uri === '') throw new Error('apt knows no Debian mirror; its lists may be missing')
  return uri
}

async function unpack(wanted: Wanted, uri: string, work: string): Promise<void> {
  const root = join(work, 'root')
  for (const folder of ['lists/partial', 'cache/archives/partial', 'root']) {
    await mkdir(join(work, folder), { recursive: true })
  }
  await writeFile(join(work, 'sources.list'), `deb [signed-by=${KEYRING}] ${uri} ${SUITE} main\n`)
  await writeFile(join(work, 'status'), '')
  const settings = [
    `Dir::Etc::sourcelist=${join(work, 'sources.list')}`,
    'Dir::Etc::sourceparts=-',
    `Dir::State::lists=${join(work, 'lists')}`,
    // An empty machine: the answer is the whole closure, the C library with it.
    `Dir::State::status=${join(work, 'status')}`,
    `Dir::Cache=${join(work, 'cache')}`,
    'APT::Sandbox::User=',
    'Debug::NoLocking=true',
  ].flatMap((setting) => ['-o', setting])
  await run('apt-get', [...settings, '-qq', 'update'], { withinMs: WITHIN_MS })
  const install = ['-qq', '-y', '--no-install-recommends', '--download-only', 'install', ...wanted.packages]
  await run('apt-get', [...settings, ...install], { withinMs: WITHIN_MS })
  const archives = join(work, 'cache', 'archives')
  for (const name of readdirSync(archives).filter((each) => each.endsWith('.deb'))) {
    await run('dpkg-deb', ['-x', join(archives, name), root], { withinMs: UNPACK_WITHIN_MS })
  }
}

function loaderIn(root: string): string | undefined {
  for (const folder of ['usr/lib64', 'usr/lib', 'lib64', 'lib']) {
    const full = join(root, folder)
    const name = existsSync(full) ? readdirSync(full).find((each) => /^ld-linux-.*\.so\.\d+$/.test(each)) : undefined
    if (name !== undefined) return join(full, name)
  }
  return undefined
}

function libraryFolderIn(root: string): string | undefined {
  const full = join(root, 'usr', 'lib')
  const name = existsSync(full)
    ? readdirSync(full).find((each) => existsSync(join(full, each, 'libc.so.6')))
    : undefined
  return name === undefined ? undefined : join(full, name)
}
