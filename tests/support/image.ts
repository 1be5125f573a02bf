/**
 * A Dockerfile carried out without a daemon: each stage is a folder, in which every absolute path of a command lies. What is tried are
 * the commands and what is copied, and not the images that they begin with.
 */
import { cpSync, globSync, mkdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { run } from './run.ts'

interface Step {
  readonly word: string
  readonly rest: string
}

export interface Image {
  /** Its root. */
  readonly folder: string
  readonly entryPoint: readonly string[]
}

/** Instructions that this understands; any other one is an error. */
const UNDERSTOOD: ReadonlySet<string> = new Set(['FROM', 'COPY', 'RUN', 'USER', 'ENTRYPOINT'])

export function stepsOf(dockerfile: string): readonly Step[] {
  const lines = dockerfile.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return lines.map((line) => {
    const [, word = '', rest = ''] = /^([A-Z]+) (.+)$/.exec(line) ?? []
    if (!UNDERSTOOD.has(word)) throw new Error(`not understood: ${line}`)
    return { word, rest }
  })
}

/** The last stage. `context` is what a build sends to a daemon, `work` an empty folder. */
export async function imageOf(dockerfile: string, context: string, work: string): Promise<Image> {
  const stages = new Map<string, string>()
  let folder = ''
  let entryPoint: readonly string[] = []
  for (const { word, rest } of stepsOf(dockerfile)) {
    if (word === 'FROM') {
      const [, name = String(stages.size)] = / AS (\S+)$/.exec(rest) ?? []
      folder = join(work, name)
      stages.set(name, folder)
      mkdirSync(join(folder, 'usr', 'local', 'bin'), { recursive: true })
    }
    if (word === 'COPY') copy(rest, { context, stages, folder })
    if (word === 'RUN') await carryOut(rest, folder)
    if (word === 'ENTRYPOINT') entryPoint = JSON.parse(rest) as string[]
  }
  return { folder, entryPoint }
}

interface Places {
  readonly context: string
  readonly stages: ReadonlyMap<string, string>
  readonly folder: string
}

/** A destination that ends with a slash is a folder for what is copied. */
function copy(rest: string, { context, stages, folder }: Places): void {
  const [, stage, sources = '', destination = ''] = /^(?:--from=(\S+) )?(.+) (\S+)$/.exec(rest) ?? []
  const from = stage === undefined ? context : stages.get(stage)
  if (from === undefined) throw new Error(`no stage ${stage}`)
  const found = sources.split(' ').flatMap((source) => globSync(join(from, source)))
  if (found.length === 0) throw new Error(`nothing to copy: ${rest}`)
  for (const path of found) {
    const to = join(folder, destination, destination.endsWith('/') ? basename(path) : '')
    mkdirSync(dirname(to), { recursive: true })
    cpSync(path, to, { recursive: true, verbatimSymlinks: true })
  }
}

async function carryOut(command: string, folder: string): Promise<void> {
  const inside = command.replaceAll(/(?<=\s)\/(?=\w)/g, `${folder}/`)
  const env = { ...process.env, npm_config_prefix: join(folder, 'usr', 'local') }
  const { code, output } = await run('sh', ['-c', inside], { cwd: folder, env })
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${output}`)
}
