/** What every script of ours answers: an array of text. Anything else is another program's, and reads as nothing. */
export function replyFields(answer: unknown): readonly string[] {
  return Array.isArray(answer) ? answer.map(String) : []
}
