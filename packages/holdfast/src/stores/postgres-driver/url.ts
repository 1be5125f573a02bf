/** What a URL says about the table; the rest of it is the driver's. */
import { Misuse } from '../../store/errors.ts'
import type { TableOptions } from '../sql/table.ts'

const PARAMETER = /(?<=[?&])holdfast_(schema|table)=([^&#]*)(?:&|(?=#)|$)/g

/** One URL is then enough for a program and for the command. A choice that is made twice throws `Misuse`. */
export function splitUrl(
  url: string,
  options: TableOptions,
): { readonly address: string; readonly table: TableOptions } {
  const inUrl: { schema?: string; table?: string } = {}
  for (const [, name, value = ''] of url.matchAll(PARAMETER)) {
    const key = name === 'schema' ? 'schema' : 'table'
    if (options[key] !== undefined || inUrl[key] !== undefined)
      throw new Misuse(`${key} is chosen twice: once is enough`)
    inUrl[key] = decoded(key, value)
  }
  return { address: url.replaceAll(PARAMETER, '').replace(/[?&](?=#|$)/, ''), table: { ...options, ...inUrl } }
}

function decoded(key: string, value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    throw new Misuse(`holdfast_${key} in the URL is not percent-encoded text`)
  }
}
