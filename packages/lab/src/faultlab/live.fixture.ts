/** The lab as a person calls it, in a folder of a test. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const bin: string = fileURLToPath(new URL('../../dist/faultlab/bin.js', import.meta.url))

const LONGER = '45s'

/** For a test that makes one run, if need be two. */
export const LIMIT_MS = 170_000

export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** What of the verdict the tests look at. */
export interface Told {
  readonly result: string
  readonly text: string
  readonly grants: number
  readonly refusals: number
  readonly notJudged: readonly string[]
  readonly violations: readonly { readonly property: string }[]
  readonly excused: readonly {
    readonly excuse: { readonly property: string }
    readonly violations: readonly unknown[]
  }[]
  readonly faults: readonly { readonly name: string; readonly made: number; readonly effective: number }[]
  readonly files: { readonly history: string; readonly timeline: string }
}

export function lab(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [bin, ...args], { maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })
}

/** On a pseudo terminal of 100 columns: everything that is drawn on it. */
export function labOnTerminal(...args: readonly string[]): Promise<string> {
  const words = [process.execPath, bin, ...args].map((word) => `'${word}'`).join(' ')
  return new Promise((resolve) => {
    execFile('script', ['-qefc', `stty cols 100; exec ${words}`, '/dev/null'], (_, stdout) => resolve(stdout))
  })
}

export const broken = ({ violations }: Told): string[] => [...new Set(violations.map(({ property }) => property))]

export class Runs {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'holdfast-lab-test-'))

  /** Once more, and longer, where the machine was too busy to show anything. */
  async judged(name: string, ...args: readonly string[]): Promise<{ code: number; told: Told }> {
    const first = await this.#once(name, args)
    return first.told.result === 'notJudged' ? this.#once(`${name}-longer`, [...args, '--for', LONGER]) : first
  }

  /** For what has to be violated: once more, and longer, where nothing went wrong by chance. */
  async violated(name: string, ...args: readonly string[]): Promise<{ code: number; told: Told }> {
    const first = await this.#once(name, args)
    return first.told.result === 'violated' ? first : this.#once(`${name}-longer`, [...args, '--for', LONGER])
  }

  async #once(name: string, args: readonly string[]): Promise<{ code: number; told: Told }> {
    const out = ['--json', '--seed', '7', '--out', join(this.folder, name)]
    const { code, stdout, stderr } = await lab('run', ...out, ...args)
    if (stdout === '') throw new Error(stderr)
    return { code, told: JSON.parse(stdout) as Told }
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
