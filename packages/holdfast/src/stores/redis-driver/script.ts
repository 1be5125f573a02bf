/** A Lua script: a header with its flags, what it is to know, the server's clock, and the parts beside the code that runs it. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

export interface Script {
  readonly name: string
  readonly text: string
  readonly sha: string
}

/** A file without `.lua`, or Lua text with numbers that the code knows, too. */
export type Part = string | { readonly lua: string }

export interface ScriptSource {
  readonly name: string
  /**
   * Redis looks at them before it begins, so no script is refused half-way. With `allow-oom` whoever holds a lock can keep
   * it and give it back on a server that is full.
   */
  readonly flags: '' | 'allow-oom' | 'no-writes'
  readonly parts: readonly Part[]
  /** Where the files are: the `import.meta.url` of the caller. */
  readonly beside: string
}

const CLOCK = textOf('time', import.meta.url)

export function scriptOf({ name, flags, parts, beside }: ScriptSource): Script {
  const texts = parts.map((part) => (typeof part === 'string' ? textOf(part, beside) : part.lua))
  const text = [`#!lua flags=${flags}`, CLOCK, ...texts].join('\n')
  return { name, text, sha: createHash('sha1').update(text).digest('hex') }
}

function textOf(part: string, beside: string): string {
  return readFileSync(new URL(`${part}.lua`, beside), 'utf8')
}
