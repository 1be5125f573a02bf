/** The benchmarks as a person calls them, in their smallest size. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url))

export interface Report {
  readonly suites: readonly {
    readonly name: string
    readonly figures: readonly { readonly what: string; readonly value: number | null; readonly met?: boolean }[]
  }[]
}

export async function benchQuickly(...suites: readonly string[]): Promise<Report> {
  const args = [MAIN, ...suites, '--quick', '--json']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [output] = await Promise.all([text(child.stdout), once(child, 'close')])
  return JSON.parse(output) as Report
}
