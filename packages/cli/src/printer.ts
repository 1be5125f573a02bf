/** The printing layer: results on stdout, everything for people on stderr, no secret and no control character in either. */
import { styleText } from 'node:util'
import stringWidth from 'string-width'
import { Secrets } from './secrets.ts'
import { fitted, jsonText, printable } from './text.ts'

/** The streams of the process, or those of a caller that runs the command in its own process. */
export interface Streams {
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
}

/** What happened, for `--json`: a stable word and plain data. */
export type Notice = Readonly<Record<string, string | number | boolean | null>> & { readonly event: string }

export class Printer {
  readonly secrets: Secrets = new Secrets()
  readonly streams: Streams
  /** Set once the options are known; an error before that is printed as text. */
  json = false

  constructor(streams: Streams) {
    this.streams = streams
  }

  /** One line of a result. */
  line(text: string): void {
    this.streams.stdout.write(`${this.secrets.hide(text)}\n`)
  }

  /** What a live view draws, with its own line ends. */
  paint(text: string): void {
    this.streams.stdout.write(this.secrets.hide(text))
  }

  /** One JSON document on one line. Tokens are strings: JSON numbers end at 2^53. */
  document(value: unknown): void {
    this.streams.stdout.write(`${this.#json(value)}\n`)
  }

  /** Tells people on stderr; with --json as one JSON document a line, because stdout may belong to a command. */
  tell(text: string, notice: Notice): void {
    const line = this.json
      ? this.#json({ ...notice, message: text })
      : `${this.#dim('holdfast:')} ${printable(this.secrets.hide(text))}`
    this.streams.stderr.write(`${line}\n`)
  }

  failure(error: unknown, exitCode: number): void {
    const message = error instanceof Error ? error.message : String(error)
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
    this.tell(message.replaceAll(/\s*\n\s*/g, ' '), { event: 'error', code, exitCode })
  }

  /** Columns padded to their widest cell; the last one is not padded. */
  table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    const cells = rows.map((row) => row.map(printable))
    const widths = head.map((title, column) =>
      Math.max(title.length, ...cells.map((row) => stringWidth(row[column] ?? ''))),
    )
    const lineOf = (row: readonly string[]): string =>
      row
        .map((cell, column) => (column === row.length - 1 ? cell : fitted(cell, widths[column]!)))
        .join('  ')
        .trimEnd()
    this.line(styleText('bold', lineOf(head), { stream: this.streams.stdout }))
    for (const row of cells) this.line(lineOf(row))
  }

  /** Hidden first: a secret that was escaped would not be recognised. */
  #json(value: unknown): string {
    return jsonText(this.secrets.hide(JSON.stringify(value)))
  }

  #dim(text: string): string {
    return styleText('dim', text, { stream: this.streams.stderr })
  }
}
