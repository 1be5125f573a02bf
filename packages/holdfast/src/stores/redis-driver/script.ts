/** A Lua script: a header with its flags, what it is to know, the server's clock, and the parts beside the code that runs it. */
import { createHash } from 'node:crypto'
import { lua as driverLua } from './lua.gen.ts'

export interface Script {
  readonly name: string
  readonly text: string
  readonly sha: string
}

/** The name of a file without `.lua`, or Lua text with numbers that the code knows, too. */
export type Part = string | { readonly lua: string }

export interface ScriptSource {
  readonly name: string
  /**
   * Redis looks at them before it begins, so no script is refused half-way. With `allow-oom` a lock that is held can be kept
   * and given back on a server that is full.
   */
  readonly flags: '' | 'allow-oom' | 'no-writes'
  readonly parts: readonly Part[]
  /** The texts of the files beside the caller, by their names. */
  readonly beside: Readonly<Record<string, string>>
}

const CLOCK = driverLua.time

export function scriptOf({ name, flags, parts, beside }: ScriptSource): Script {
  const texts = parts.map((part) => (typeof part === 'string' ? textOf(part, beside) : part.lua))
  const text = [`#!lua flags=${flags}`, CLOCK, ...texts].join('\n')
  return { name, text, sha: createHash('sha1').update(text).digest('hex') }
}

function textOf(part: string, beside: ScriptSource['beside']): string {
  const text = beside[part]
  if (text === undefined) throw new TypeError(`there is no file ${part}.lua`)
  return text
}
