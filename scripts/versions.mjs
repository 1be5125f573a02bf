/**
 * `npm run release:version`: the changesets that have come together since the last release become one version of all packages, which want each
 * other in exactly this version, and a heading in CHANGELOG.md over what is not released yet. People write the changelog; a changeset says how
 * much of a change it is.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { machineEnvironment, root, run, say } from './workspace.mjs'

const CHANGESETS = '@changesets/cli@3.0.3'

/**
 * The names of changesets that wait for a release.
 * @param {string} folder
 */
export function waitingChanges(folder) {
  const changes = join(folder, '.changeset')
  return existsSync(changes) ? readdirSync(changes).filter((file) => file.endsWith('.md')) : []
}

/**
 * Moves what is not released yet under the heading of a version.
 * @param {string} changelog
 * @param {string} version
 * @param {string} day
 */
export function withRelease(changelog, version, day) {
  return changelog.replace('## [Unreleased]\n', `## [Unreleased]\n\n## [${version}] - ${day}\n`)
}

/**
 * Returns the version, or undefined where nothing waits for one.
 * @param {string} folder
 * @param {readonly [program: string, ...args: string[]]} changeset runs the command of changesets
 */
export async function makeVersion(folder, changeset) {
  if (waitingChanges(folder).length === 0) return undefined
  const [program, ...args] = changeset
  const code = await run(program, [...args, 'version'], { cwd: folder, env: machineEnvironment() })
  if (code !== 0) throw new Error(`changesets ended with ${code}`)
  const { version } = JSON.parse(readFileSync(join(folder, 'packages', 'holdfast', 'package.json'), 'utf8'))
  const changelog = join(folder, 'CHANGELOG.md')
  const day = new Date().toISOString().slice(0, 10)
  writeFileSync(changelog, withRelease(readFileSync(changelog, 'utf8'), version, day))
  return version
}

async function main() {
  const version = await makeVersion(root, ['npx', '--yes', CHANGESETS])
  if (version === undefined) {
    say('no changeset waits for a release: npm run changeset makes one')
    return 0
  }
  say(`version ${version}`)
  // Nothing but the versions of our own packages changes in it.
  return await run('npm', ['install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: root,
    env: machineEnvironment(),
  })
}

if (process.argv[1] === import.meta.filename) process.exitCode = await main()
