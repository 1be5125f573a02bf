/** What came of a compare-and-set statement. */
import type { SwapResult } from '../records/swap-engine.ts'

/** `isLost`: whether an error means that another statement was faster, and that this one did nothing. */
export async function swapResult(
  version: Promise<string | null | undefined>,
  isLost: (error: unknown) => boolean,
): Promise<SwapResult> {
  try {
    const written = await version
    return written === undefined || written === null ? {} : { version: written }
  } catch (error) {
    if (isLost(error)) return {}
    throw error
  }
}
