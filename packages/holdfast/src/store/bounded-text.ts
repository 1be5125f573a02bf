/** Text that a caller hands over, checked before any I/O. */
import { Misuse } from './errors.ts'

/** Well-formed text without NUL of at most `bytesMax` bytes, or a `Misuse` that names the option. */
export function boundedText(option: string, text: string, bytesMax: number): string {
  if (typeof text !== 'string' || !text.isWellFormed() || text.includes('\0')) {
    throw new Misuse(`${option} must be well-formed text without NUL`)
  }
  const bytes = Buffer.byteLength(text)
  if (bytes > bytesMax) throw new Misuse(`${option} must be at most ${bytesMax} bytes of UTF-8, got ${bytes}`)
  return text
}
