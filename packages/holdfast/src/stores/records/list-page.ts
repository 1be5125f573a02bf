/** A page of the lines that have claims, with where the next one begins. */
import { isIdle, sweep } from '../../line/transition.ts'
import type { ResourcePage } from '../../store/line-view.ts'
import { StoreUnavailable } from '../../store/errors.ts'
import type { ListedLine, Reading } from './engine.ts'

/** `lines`: one more than a page may have, where there are more. */
export function pageOf(lines: readonly ListedLine[], limit: number): ResourcePage {
  const page = lines.slice(0, limit)
  const resources = page
    .filter(({ line, now }) => line === undefined || now === undefined || !isIdle(sweep(line, now)))
    .map(({ resource }) => resource)
  const last = page.at(-1)
  return lines.length > limit && last !== undefined ? { resources, cursor: last.resource } : { resources }
}

export async function listedLines(
  keys: readonly string[],
  read: (resource: string) => Promise<Reading>,
): Promise<readonly ListedLine[]> {
  return await Promise.all(
    keys.map(async (resource) => {
      try {
        const { record, now } = await read(resource)
        return { resource, line: record.line, now }
      } catch (error) {
        // One damaged line does not hide the others.
        if (error instanceof StoreUnavailable && error.isFinal) return { resource }
        throw error
      }
    }),
  )
}
