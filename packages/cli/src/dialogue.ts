/** Questions to a person at the terminal. A command that finds no terminal takes every answer from its options. */
import { createInterface } from 'node:readline/promises'
import type { Printer } from './printer.ts'

export function hasTerminal({ streams }: Printer): boolean {
  return streams.stdin.isTTY && streams.stderr.isTTY
}

export async function answerTo(printer: Printer, question: string): Promise<string> {
  const dialogue = createInterface({ input: printer.streams.stdin, output: printer.streams.stderr })
  // At the end of the input no answer comes any more.
  const closed = new Promise<string>((resolve) => dialogue.once('close', () => resolve('')))
  try {
    return (await Promise.race([dialogue.question(question), closed])).trim()
  } finally {
    dialogue.close()
  }
}

/** Anything but a yes is a no. */
export async function isYes(printer: Printer, question: string): Promise<boolean> {
  return /^y(?:es)?$/i.test(await answerTo(printer, `${question} [y/N] `))
}
