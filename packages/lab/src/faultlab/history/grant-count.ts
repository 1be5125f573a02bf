/** Counts the grants in histories that are still written: each part of a file is read once. */
import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { parseEvent } from '@holdfast/testbed/history'

/** At once; what is left is read at the next look. */
const BYTES_MAX = 2 ** 20
const NEW_LINE = 0x0a

export class GrantCount {
  readonly #folder: string
  readonly #buffer = Buffer.allocUnsafe(BYTES_MAX)
  /** How much of each file was counted: whole lines. */
  readonly #offsets = new Map<string, number>()
  #grants = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  /** So far. A folder that is not there yet has none. */
  read(): number {
    for (const name of this.#files()) this.#readOn(name)
    return this.#grants
  }

  #files(): readonly string[] {
    try {
      return readdirSync(this.#folder).filter((name) => name.endsWith('.ndjson'))
    } catch {
      return []
    }
  }

  #readOn(name: string): void {
    const offset = this.#offsets.get(name) ?? 0
    const file = openSync(join(this.#folder, name), 'r')
    try {
      const length = readSync(file, this.#buffer, 0, BYTES_MAX, offset)
      // A line may be half written.
      const end = this.#buffer.subarray(0, length).lastIndexOf(NEW_LINE) + 1
      this.#offsets.set(name, offset + end)
      const lines = this.#buffer.toString('utf8', 0, end).split('\n')
      this.#grants += lines.filter((line) => isGrant(line)).length
    } finally {
      closeSync(file)
    }
  }
}

function isGrant(line: string): boolean {
  // Most lines are something else, and need no parsing.
  if (!line.includes('"acquire"') || !line.includes('"ok"')) return false
  const event = parseEvent(line)
  return event?.f === 'acquire' && event.e === 'ok'
}
