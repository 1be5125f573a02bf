/** What was opened is closed in the opposite order, all of it, whatever goes wrong with one. */

export type Closing = () => Promise<void>

export async function closeAll(closing: Closing[]): Promise<void> {
  const failed: unknown[] = []
  for (let close = closing.pop(); close !== undefined; close = closing.pop()) {
    await close().catch((error: unknown) => void failed.push(error))
  }
  if (failed.length > 0) throw failed[0]
}
