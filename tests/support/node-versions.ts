/**
 * Other versions of Node, for the smoke test. They are not part of the install: each is fetched by npm when the test
 * first asks for it, into node_modules/.cache.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './run.ts'
import { root } from './tree.ts'

export const NODE_VERSIONS = ['22.23.3', '24.21.0', '26.10.0'] as const

/** The program, or a sentence why it cannot be had here. */
export type Found = { readonly program: string } | { readonly reason: string }

export async function findNode(version: string): Promise<Found> {
  if (version === process.versions.node) return { program: process.execPath }
  const name = packageName()
  const folder = join(root, 'node_modules', '.cache', 'node', version)
  const program = join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (existsSync(program)) return { program }
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  const { code, output } = await run('npm', ['install', '--no-save', '--no-audit', '--no-fund', `${name}@${version}`], {
    cwd: folder,
  })
  if (code === 0 && existsSync(program)) return { program }
  const why = /npm error (.*(?:reason:|not found|No match).*)/i.exec(output)?.[1] ?? `npm ended with ${code}`
  return { reason: `${name}@${version} cannot be had: ${why}` }
}

/** These packages hold nothing but the program and have no install script. */
function packageName(): string {
  const platform = process.platform === 'win32' ? 'win' : process.platform
  return `${platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'}-${platform}-${process.arch}`
}
