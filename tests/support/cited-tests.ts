/** A page that says which test holds the project to what it promises: the last cell of each row is `file`: name. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { read, root } from './tree.ts'

export interface CitedTest {
  readonly file: string
  readonly name: string
}

/** The last cell of each row of the tables; those that say that nothing can be tested begin with a dash. */
export function citedTests(page: string): readonly CitedTest[] {
  return page.split('\n').flatMap((line) => {
    if (!line.startsWith('| ') || /^\| (?:input|where|defect) /.test(line) || / \| – [^|]+ \|$/.test(line)) return []
    const [, file = '', name = ''] = /\| `([^`]+)`: ([^|]+) \|$/.exec(line) ?? []
    return [{ file, name }]
  })
}

/** As it stands in the code: a name in quotes, whichever they are, and not in a comment alone. */
function hasTest(source: string, name: string): boolean {
  return ["'", '"', '`'].some((quote) => source.includes(quote + name + quote))
}

export function missingTests(page: string): readonly string[] {
  return citedTests(page)
    .filter(({ file, name }) => name === '' || !existsSync(join(root, file)) || !hasTest(read(file), name))
    .map(({ file, name }) => `${file}: ${name}`)
}
