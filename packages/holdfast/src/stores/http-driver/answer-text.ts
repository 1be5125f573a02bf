/** What an answer over HTTP says: all of it, or line by line, and never more than a limit. */
import type { IncomingMessage } from 'node:http'

const MIB = 1024 * 1024

/** Rejects where the answer is longer, and where its end did not come. */
export function textIn(response: IncomingMessage, lengthMax: number): Promise<string> {
  let text = ''
  return new Promise((resolve, reject) => {
    response.setEncoding('utf8').on('data', (part: string) => {
      text += part
      if (text.length > lengthMax) response.destroy(new Error(`the answer is longer than ${lengthMax / MIB} MiB`))
    })
    response.once('end', () => resolve(text)).on('error', reject)
    response.once('close', () => reject(new Error('the connection ended in the midst of the answer')))
  })
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
