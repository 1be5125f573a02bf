/**
 * The public surface as text, one report an entry point, in packages/holdfast/etc: a change of it is a diff that a reviewer
 * has to look at. The same again for people, in docs/api. `--update` writes both, without it they are compared. All entries
 * share one compiled program.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pageOf } from './api-pages.mjs'
import { CompilerState, Extractor, ExtractorConfig } from '@microsoft/api-extractor'
import { entryPoints } from './entry-points.mjs'
import { root, say } from './workspace.mjs'

const library = join(root, 'packages', 'holdfast')
const committed = join(library, 'etc')
const pagesCommitted = join(root, 'docs', 'api')

/** Report name → declaration file, for everything that `exports` offers. */
function reported() {
  return Array.from(entryPoints(), ([name, source]) => ({
    name: name === '.' ? 'holdfast' : name.slice(2).replaceAll('/', '-'),
    imported: name.replace(/^\./, 'holdfast'),
    declarations: join(library, 'dist', source.replace(/\.ts$/, '.d.ts')),
  }))
}

/**
 * @param {{ readonly name: string, readonly declarations: string }} entry
 * @param {string} folder
 */
function configOf(entry, folder) {
  return ExtractorConfig.prepare({
    configObjectFullPath: join(library, 'api-extractor.json'),
    packageJsonFullPath: join(library, 'package.json'),
    configObject: {
      projectFolder: library,
      mainEntryPointFilePath: entry.declarations,
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: 'es2024',
            lib: ['es2024', 'esnext.disposable'],
            module: 'nodenext',
            strict: true,
            types: ['node'],
            skipLibCheck: true,
          },
          files: reported().map(({ declarations }) => declarations),
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: `${entry.name}.api.md`,
        reportFolder: folder,
        reportTempFolder: join(folder, 'temp'),
      },
      docModel: { enabled: true, apiJsonFilePath: join(folder, `${entry.name}.api.json`) },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: {
        extractorMessageReporting: {
          // No release tags here: what an entry point exports is public.
          'ae-missing-release-tag': { logLevel: /** @type {any} */ ('none') },
        },
        tsdocMessageReporting: { default: { logLevel: /** @type {any} */ ('none') } },
      },
    },
  })
}

/** Makes all reports and pages afresh and returns their text by file name. */
export function makeReports() {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-api-'))
  try {
    const entries = reported()
    const missing = entries.filter(({ declarations }) => !existsSync(declarations))
    if (missing.length > 0)
      throw new Error(`not built: ${missing.map(({ name }) => name).join(', ')}; run npm run build`)
    const configs = entries.map((entry) => configOf(entry, folder))
    const [first] = configs
    if (first === undefined) throw new Error('the library has no entry points')
    const compilerState = CompilerState.create(first, {
      additionalEntryPoints: entries.map(({ declarations }) => declarations),
    })
    for (const config of configs) {
      Extractor.invoke(config, {
        compilerState,
        localBuild: true,
        messageCallback: (message) => {
          message.handled = true
        },
      })
    }
    const pages = entries.map(({ name, imported }) => {
      const model = JSON.parse(readFileSync(join(folder, `${name}.api.json`), 'utf8'))
      return /** @type {const} */ ([`${name}.md`, pageOf(imported, `${name}.api.md`, model)])
    })
    return { reports: textsIn(folder, '.api.md'), pages: new Map(pages) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The reports as they were accepted. */
export function acceptedReports() {
  return textsIn(committed, '.api.md')
}

/** The pages as they were accepted. */
export function acceptedPages() {
  return textsIn(pagesCommitted, '.md')
}

/**
 * @param {string} folder
 * @param {string} ending
 * @returns {Map<string, string>}
 */
function textsIn(folder, ending) {
  if (!existsSync(folder)) return new Map()
  const files = readdirSync(folder).filter((file) => file.endsWith(ending))
  return new Map(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]))
}

function update() {
  const { reports, pages } = makeReports()
  for (const [folder, texts] of /** @type {const} */ ([
    [committed, reports],
    [pagesCommitted, pages],
  ])) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    for (const [file, text] of texts) writeFileSync(join(folder, file), text)
  }
  say(`${reports.size} reports written to packages/holdfast/etc, and as many pages to docs/api`)
}

if (process.argv.includes('--update')) update()
