/**
 * `npm run release:dry`: everything of a release but the publishing, into the folder release: the packages as they are published, installed
 * into an empty project and asked for their version, a list of all that comes with them (CycloneDX), and the sums of all files. The release
 * workflow runs the same with `--version`, which has to be the version of each package, and publishes what was made here.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { machineEnvironment, projectNode, root, say } from './workspace.mjs'

/** In the order of publishing: what others depend on comes first. */
export const PUBLISHED = ['holdfast', 'cli', 'fastify', 'nestjs']

/**
 * What is wrong with a release, in words.
 * @param {string | undefined} version
 */
export function releaseFaults(version) {
  const manifests = PUBLISHED.map((name) => manifestOf(name))
  const expected = version ?? manifests[0]?.version
  return manifests.flatMap((manifest) => [
    ...(manifest.version === expected ? [] : [`${manifest.name} is ${manifest.version} and not ${expected}`]),
    ...(manifest.private === true ? [`${manifest.name} is private`] : []),
    ...(manifest.publishConfig?.provenance === true ? [] : [`${manifest.name} is published without provenance`]),
    ...Object.entries({ ...manifest.dependencies, ...manifest.peerDependencies })
      .filter(([name, range]) => /^(?:holdfast$|@holdfast\/)/.test(name) && range !== expected)
      .map(([name, range]) => `${manifest.name} wants ${name} ${range}`),
    ...(version === undefined || changes().includes(`## [${version}]`) ? [] : [`CHANGELOG.md has no ${version}`]),
  ])
}

/** @param {string} name */
function manifestOf(name) {
  return JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
}

function changes() {
  return readFileSync(join(root, 'CHANGELOG.md'), 'utf8')
}

/**
 * @param {string[]} args
 * @param {string} cwd
 */
function npm(args, cwd) {
  return execFileSync('npm', args, {
    cwd,
    encoding: 'utf8',
    env: machineEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** @param {string} folder */
function makeRelease(folder) {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const tarballs = PUBLISHED.map((name) =>
    join(folder, npm(['pack', '--silent', '--pack-destination', folder], join(root, 'packages', name)).trim()),
  )
  const empty = mkdtempSync(join(tmpdir(), 'holdfast-release-'))
  try {
    writeFileSync(join(empty, 'package.json'), '{ "name": "holdfast-release", "version": "1.0.0", "private": true }\n')
    // The adapters bring nothing but fastify-plugin, and want a framework that an empty project has not.
    npm(['install', '--silent', '--ignore-scripts', ...tarballs.slice(0, 2)], empty)
    const bin = join(empty, 'node_modules', '@holdfast', 'cli', 'bin', 'holdfast.js')
    say(
      `holdfast ${execFileSync(projectNode(), [bin, '--version'], { encoding: 'utf8' }).trim()} runs from its packages`,
    )
    writeFileSync(join(folder, 'sbom.cdx.json'), npm(['sbom', '--sbom-format', 'cyclonedx'], empty))
  } finally {
    rmSync(empty, { recursive: true, force: true })
  }
  const files = readdirSync(folder).toSorted()
  const sums = files.map(
    (file) =>
      `${createHash('sha256')
        .update(readFileSync(join(folder, file)))
        .digest('hex')}  ${file}\n`,
  )
  writeFileSync(join(folder, 'SHA256SUMS'), sums.join(''))
  say(`${files.length} files in ${folder}`)
}

function main() {
  const { version, to } = parseArgs({ options: { version: { type: 'string' }, to: { type: 'string' } } }).values
  const faults = releaseFaults(version)
  for (const fault of faults) say(fault)
  if (faults.length > 0) return 1
  makeRelease(to ?? join(root, 'release'))
  return 0
}

if (process.argv[1] === import.meta.filename) process.exitCode = main()
