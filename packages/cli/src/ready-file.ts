/** A file that is there while a lock is held, for programs that cannot read what its holder prints. */
import { closeSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { exitCodes, Failure } from './exit-codes.ts'

export class ReadyFile {
  readonly #path: string
  /** Beside it, so that the file is never there without its lines. */
  readonly #draft: string

  /** Removes what an earlier holder left there. Throws when there can be no file. */
  constructor(path: string) {
    this.#path = path
    this.#draft = `${path}.${process.pid}`
    try {
      rmSync(path, { force: true })
      closeSync(openSync(this.#draft, 'wx'))
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new Failure(exitCodes.usage, `--ready-file ${JSON.stringify(path)} cannot be written: ${why}`)
    }
  }

  write(lines: readonly string[]): void {
    writeFileSync(this.#draft, `${lines.join('\n')}\n`)
    renameSync(this.#draft, this.#path)
  }

  remove(): void {
    rmSync(this.#draft, { force: true })
    rmSync(this.#path, { force: true })
  }
}
