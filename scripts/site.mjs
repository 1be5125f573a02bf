/**
 * `npm run site`: makes the documentation as a site in site/dist. Its packages have a lock file of their own and are installed when they are
 * missing; the build asks nothing of a network. Every link of every page it made is followed, and a dead one is a failure.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { folders, parts, rest, slugOf } from '../site/side-bar.mjs'
import { sitePage } from './site-pages.mjs'
import { machineEnvironment, projectNode, root, run, say } from './workspace.mjs'

const site = join(root, 'site')
const made = join(site, '.pages')
const built = join(site, 'dist')

/** The exit code when the packages of the site are missing and no registry brings them. */
export const CANNOT_INSTALL = 3

/** Every page, by its path in the repository. */
export function pagesOfSite() {
  const listed = [...parts.flatMap(({ places }) => places), ...rest()].map(({ page }) => page)
  const inFolders = folders.flatMap(({ folder, first }) => [
    ...(first === undefined ? [] : [first]),
    ...readdirSync(join(root, folder)).map((file) => `${folder}/${file}`),
  ])
  return [...new Set([...listed, ...inFolders])].filter((page) => page.endsWith('.md'))
}

/** Writes the pages that the build reads. */
export function makePages() {
  rmSync(made, { recursive: true, force: true })
  const pages = new Set(pagesOfSite())
  for (const page of pages) {
    const file = join(made, `${slugOf(page)}.md`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, sitePage(page, readFileSync(join(root, page), 'utf8'), pages))
  }
  cpSync(join(root, 'docs', 'pictures'), join(site, 'public', 'pictures'), { recursive: true })
  return pages.size
}

/** Links within the built site that lead nowhere, each with its page in front. */
export function deadLinks(folder = built) {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.html'))
  const texts = new Map(
    files.map((file) => [`/${file.replace(/index\.html$/, '')}`, readFileSync(join(folder, file), 'utf8')]),
  )
  return [...texts].flatMap(([page, text]) =>
    Array.from(text.matchAll(/ (?:href|src)="(\/[^"]*|#[^"]+)"/g), ([, link = '']) => link)
      .filter((link) => !leadsSomewhere(link, page, texts, folder))
      .map((link) => `${page}: ${link}`),
  )
}

/**
 * @param {string} link
 * @param {string} page
 * @param {ReadonlyMap<string, string>} texts
 * @param {string} folder
 */
function leadsSomewhere(link, page, texts, folder) {
  const [path = '', anchor] = decodeURIComponent(link).split('#')
  const text = texts.get(path === '' ? page : path)
  if (text === undefined) return existsSync(join(folder, path)) && !path.endsWith('/')
  return anchor === undefined || anchor === '_top' || text.includes(`id="${anchor}"`)
}

// Vite is held back in its package.json: a later one names an optional package that not every registry has, which `npm ci` refuses.
async function install() {
  if (existsSync(join(site, 'node_modules', 'astro'))) return 0
  const code = await run('npm', ['ci', '--ignore-scripts'], { cwd: site, env: machineEnvironment() })
  return code === 0 ? 0 : CANNOT_INSTALL
}

async function build() {
  const installed = await install()
  if (installed !== 0 || process.argv.includes('--install')) return installed
  const pages = makePages()
  const astro = join(site, 'node_modules', 'astro', 'bin', 'astro.mjs')
  const env = { ...process.env, ASTRO_TELEMETRY_DISABLED: '1' }
  const code = await run(projectNode(), [astro, 'build', '--silent'], { cwd: site, env })
  if (code !== 0) return code
  const dead = deadLinks()
  for (const link of dead) say(`dead link on ${link}`)
  say(`${pages} pages in site/dist, ${dead.length} dead links`)
  return dead.length === 0 ? 0 : 1
}

if (process.argv[1] === import.meta.filename) process.exitCode = await build()
