/**
 * `npm ci`, but only when node_modules differs from the lockfile. npm leaves its own record of what it installed
 * (`node_modules/.package-lock.json`), so an install made by hand counts as well.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { linkNode, machineEnvironment, root, run, say } from './workspace.mjs'

/** @typedef {{ version?: string, integrity?: string, optional?: boolean, link?: boolean, extraneous?: boolean }} Entry */
/** @typedef {{ readonly [place: string]: Entry }} Entries */

/** Resolves with npm's exit code; 0 at once when there is nothing to do. */
export async function install() {
  const reason = whyStale(readEntries('package-lock.json'), readEntries('node_modules/.package-lock.json'))
  if (reason === undefined) {
    linkNode()
    return 0
  }
  const startedMs = Date.now()
  say(`installing (${reason}); a first install takes about 20 s …`)
  const code = await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { env: machineEnvironment() })
  if (code === 0) linkNode()
  say(code === 0 ? `installed in ${seconds(startedMs)}` : 'npm ci failed; its own words are above')
  return code
}

/**
 * Why the install is not the lockfile's, or undefined when it is.
 * @param {Entries | undefined} wanted
 * @param {Entries | undefined} installed
 * @returns {string | undefined}
 */
export function whyStale(wanted, installed) {
  if (wanted === undefined) return 'package-lock.json is missing'
  if (installed === undefined) return 'nothing is installed yet'
  for (const [place, entry] of Object.entries(wanted)) {
    if (!place.startsWith('node_modules/') || entry.link === true) continue
    const found = installed[place]
    // Programs for other platforms are optional and stay away.
    if (found === undefined && entry.optional === true) continue
    if (found?.version !== entry.version || found?.integrity !== entry.integrity) return `${place} changed`
  }
  const extra = Object.keys(installed).find((place) => wanted[place] === undefined)
  return extra === undefined ? undefined : `${extra} is no longer wanted`
}

/**
 * @param {string} file
 * @returns {Entries | undefined}
 */
function readEntries(file) {
  const path = join(root, file)
  if (!existsSync(path)) return undefined
  /** @type {{ packages: Entries }} */
  const lockfile = JSON.parse(readFileSync(path, 'utf8'))
  return lockfile.packages
}

/** @param {number} startedMs */
export function seconds(startedMs) {
  return `${((Date.now() - startedMs) / 1000).toFixed(1)} s`
}
