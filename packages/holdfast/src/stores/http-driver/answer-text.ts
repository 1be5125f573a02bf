/** What an answer over HTTP says: all of it, or line by line, and never more than a limit. */
import type { IncomingMessage } from 'node:http'

const MIB = 1024 * 1024

/** Rejects where the answer is longer, and where its end did not come. */
export async function textIn(response: IncomingMessage, lengthMax: number): Promise<string> {
  let text = ''
  for await (const part of response.setEncoding('utf8')) {
    text += String(part)
    if (text.length > lengthMax) throw new Error(`the answer is longer than ${lengthMax / MIB} MiB`)
  }
  return text
}

/** Resolves when the answer ended. Empty lines are left out. */
export async function linesIn(
  response: IncomingMessage,
  lengthMax: number,
  onLine: (line: string) => void,
): Promise<void> {
  let rest = ''
  for await (const part of response.setEncoding('utf8')) {
    const lines = (rest + String(part)).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > lengthMax) throw new Error(`a line is longer than ${lengthMax / MIB} MiB`)
    for (const line of lines) if (line !== '') onLine(line)
  }
}
