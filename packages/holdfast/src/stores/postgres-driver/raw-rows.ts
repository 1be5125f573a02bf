/** Rows of the driver `postgres` as it hands them out unread: it may have been told to make something else of texts. */
import type { SqlRow } from '../sql/driver.ts'

interface RawResult extends ReadonlyArray<readonly (Uint8Array | null)[]> {
  readonly columns?: readonly { readonly name: string }[] | null
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** Of each result that has columns. One text has one result, or several, of which those without rows may be missing. */
export function rowsIn(answer: unknown): readonly (readonly SqlRow[])[] {
  const isOne = 'columns' in (answer as object)
  const results = (isOne ? [answer] : answer) as readonly RawResult[]
  return results.flatMap((result) => ((result.columns ?? []).length === 0 ? [] : [rowsOf(result)]))
}

function rowsOf(result: RawResult): readonly SqlRow[] {
  const names = (result.columns ?? []).map(({ name }) => name)
  return result.map((values) => Object.fromEntries(names.map((name, index) => [name, textOf(values[index])])))
}

function textOf(bytes: Uint8Array | null | undefined): string | null {
  return bytes === null || bytes === undefined ? null : utf8.decode(bytes)
}
