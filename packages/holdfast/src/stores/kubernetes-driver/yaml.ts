/**
 * As much of YAML as kubeconfigs are written in: mappings and lists by indentation, scalars on one line or several, and JSON.
 * What is more than that is refused and never guessed.
 */

/** A mapping, of which nothing is known yet. */
export type Fields = Readonly<Record<string, unknown>>

interface YamlLine {
  readonly indent: number
  readonly text: string
  readonly number: number
}

const ENTRY = /^(?<key>[\w./-]+|"[^"\\]*"|'[^']*'):(?:\s+(?<value>.*))?$/
/** Anchors, aliases, tags, directives. */
const REFUSED = /^[&*!%@`?]/

/** Scalars are texts. Throws `SyntaxError`, which names the line and repeats nothing of it. */
export function parseYaml(text: string): unknown {
  if (/^\s*[{[]/.test(text)) return JSON.parse(text) as unknown
  const lines = linesOf(text)
  const reader = new YamlReader(lines)
  const value = lines.length === 0 ? undefined : reader.block()
  reader.end()
  return value
}

function linesOf(text: string): YamlLine[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const [, space = '', rest = ''] = /^(\s*)(.*?)\s*$/.exec(line) ?? []
    if (rest === '' || rest.startsWith('#') || rest === '---') return []
    if (space.includes('\t')) throw new SyntaxError(`line ${index + 1} is indented by tabs`)
    return [{ indent: space.length, text: rest, number: index + 1 }]
  })
}

class YamlReader {
  readonly #lines: YamlLine[]
  #next = 0

  constructor(lines: YamlLine[]) {
    this.#lines = lines
  }

  /** What begins at the next line and goes on as long as lines have its indentation. */
  block(): unknown {
    const { indent, text } = this.#line()
    return isItem(text) ? this.#list(indent) : this.#mapping(indent)
  }

  end(): void {
    const rest = this.#lines[this.#next]
    if (rest !== undefined) throw new SyntaxError(`line ${rest.number} is indented otherwise than those before it`)
  }

  #list(indent: number): unknown[] {
    const items: unknown[] = []
    for (let line = this.#at(indent); line !== undefined && isItem(line.text); line = this.#at(indent)) {
      const rest = line.text.slice(1).trimStart()
      if (rest !== '' && !ENTRY.test(rest)) {
        this.#next += 1
        items.push(this.#scalar(rest, line))
      } else if (rest === '') {
        this.#next += 1
        items.push(this.#nested(indent))
      } else {
        // The first entry of a mapping stands behind the hyphen, the others beneath it.
        this.#lines[this.#next] = { ...line, indent: indent + line.text.length - rest.length, text: rest }
        items.push(this.block())
      }
    }
    return items
  }

  #mapping(indent: number): Record<string, unknown> {
    const entries: [string, unknown][] = []
    for (let line = this.#at(indent); line !== undefined && !isItem(line.text); line = this.#at(indent)) {
      const { key, value = '' } = ENTRY.exec(line.text)?.groups ?? {}
      if (key === undefined) throw new SyntaxError(`line ${line.number} is no entry of a mapping`)
      this.#next += 1
      const isEmpty = value === '' || value.startsWith('#')
      entries.push([key.replaceAll(/^["']|["']$/g, ''), isEmpty ? this.#beneath(indent) : this.#scalar(value, line)])
    }
    return Object.fromEntries(entries)
  }

  /** A list may stand as far to the left as the key that it belongs to. */
  #beneath(indent: number): unknown {
    const next = this.#lines[this.#next]
    return next?.indent === indent && isItem(next.text) ? this.#list(indent) : this.#nested(indent)
  }

  #nested(indent: number): unknown {
    const next = this.#lines[this.#next]
    return next === undefined || next.indent <= indent ? undefined : this.block()
  }

  #scalar(text: string, { indent, number }: YamlLine): unknown {
    if (REFUSED.test(text))
      throw new SyntaxError(`line ${number} has an anchor, a tag or another sign that is not read here`)
    if (/^[{[]/.test(text)) return JSON.parse(text) as unknown
    if (/^[|>][-+]?$/.test(text)) return this.#rest(indent).join(text.startsWith('|') ? '\n' : ' ')
    if (text.startsWith('"')) return JSON.parse(/^"(?:[^"\\]|\\.)*"/.exec(text)?.[0] ?? '') as unknown
    if (text.startsWith("'")) return (/^'((?:[^']|'')*)'/.exec(text)?.[1] ?? '').replaceAll("''", "'")
    const whole = [text, ...this.#rest(indent)].join(' ').replace(/\s+#.*$/, '')
    return whole === 'null' || whole === '~' ? undefined : whole
  }

  /** The lines that a scalar goes on over. */
  #rest(indent: number): string[] {
    const rest: string[] = []
    for (let line = this.#lines[this.#next]; line !== undefined && line.indent > indent;) {
      rest.push(line.text)
      this.#next += 1
      line = this.#lines[this.#next]
    }
    return rest
  }

  #at(indent: number): YamlLine | undefined {
    const line = this.#lines[this.#next]
    return line?.indent === indent ? line : undefined
  }

  #line(): YamlLine {
    const line = this.#lines[this.#next]
    if (line === undefined) throw new SyntaxError('the text ends too early')
    return line
  }
}

function isItem(text: string): boolean {
  return text === '-' || text.startsWith('- ')
}
