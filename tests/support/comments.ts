/** Sources taken apart: comments for people, code for budgets. Texts in quotes stay code, whatever they look like. */

/** A comment and the line on which it begins. */
export interface Comment {
  readonly line: number
  readonly text: string
}

/** Quoted texts come first, so that nothing inside of them counts as a comment. */
const TYPESCRIPT =
  /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|(?<comment>\/\*[\s\S]*?\*\/|(?<![:\\/])\/\/[^\n]*)/g
const LUA = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|(?<comment>--[^\n]*)/g

const syntaxOf = (path: string): RegExp => (path.endsWith('.lua') ? LUA : TYPESCRIPT)

export function commentsOf(source: string, path: string): readonly Comment[] {
  return [...source.matchAll(syntaxOf(path))].flatMap(({ groups, index }) => {
    const text = groups?.['comment']
    return text === undefined ? [] : [{ line: source.slice(0, index).split('\n').length, text }]
  })
}

/** How many lines have code on them. */
export function codeLines(source: string, path: string): number {
  const code = source.replaceAll(syntaxOf(path), (text, ...rest) => {
    const { comment } = rest.at(-1) as { readonly comment?: string }
    return comment === undefined ? text : ''
  })
  return code.split('\n').filter((line) => line.trim() !== '').length
}
