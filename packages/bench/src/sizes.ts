/** How large the code is, folder by folder. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Figure, Suite } from './figure.ts'
import { median } from './statistics.ts'

const PACKAGES = fileURLToPath(new URL('../../../packages', import.meta.url))
const TEST = /\.(?:test|fixture)\.ts$/

export const sizes: Suite = {
  name: 'sizes',
  about: 'lines of TypeScript in each folder of source, tests apart',
  run: async () => {
    const byFolder = Map.groupBy(sourceFiles(), (file) => relative(PACKAGES, dirname(file)))
    return [...byFolder.keys()].sort().flatMap((folder) => figuresOf(folder, byFolder.get(folder) ?? []))
  },
}

function sourceFiles(): readonly string[] {
  return readdirSync(PACKAGES).flatMap((name) => {
    const source = join(PACKAGES, name, 'src')
    return readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join(source, file))
  })
}

function figuresOf(folder: string, files: readonly string[]): readonly Figure[] {
  const lines = new Map(files.map((file) => [file, readFileSync(file, 'utf8').split('\n').length - 1]))
  const [tests, code] = [files.filter((file) => TEST.test(file)), files.filter((file) => !TEST.test(file))]
  const sum = (some: readonly string[]): number => some.reduce((total, file) => total + (lines.get(file) ?? 0), 0)
  if (code.length === 0) return []
  const largest = code.reduce((one, other) => ((lines.get(one) ?? 0) >= (lines.get(other) ?? 0) ? one : other))
  return [
    { what: `${folder}: ${code.length} files`, unit: 'lines', value: sum(code) },
    { what: `${folder}: median file`, unit: 'lines', value: median(code.map((file) => lines.get(file) ?? 0)) },
    {
      what: `${folder}: largest file, ${basename(largest)}`,
      unit: 'lines',
      value: lines.get(largest) ?? 0,
      target: { atMost: 300 },
    },
    { what: `${folder}: tests, ${tests.length} files`, unit: 'lines', value: sum(tests) },
  ]
}
