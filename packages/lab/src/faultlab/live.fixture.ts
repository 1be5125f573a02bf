/** The lab as a person calls it, in a folder of a test. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const bin: string = fileURLToPath(new URL('../../dist/faultlab/bin.js', import.meta.url))

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

export const broken = ({ violations }: Told): string[] => [...new Set(violations.map(({ property }) => property))]

export class Runs {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'holdfast-lab-test-'))

  async judged(name: string, ...args: readonly string[]): Promise<{ code: number; told: Told }> {
    const { code, stdout, stderr } = await lab(
      'run',
      '--json',
      '--seed',
      '7',
      '--out',
      join(this.folder, name),
      ...args,
    )
    if (stdout === '') throw new Error(stderr)
    return { code, told: JSON.parse(stdout) as Told }
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
