/** Among all processes of this machine, one at a time: two test files must not install the same package together. */
import { tryListen } from './ports.ts'
import { until } from './until.ts'

const WAIT_LIMIT_MS = 10 * 60_000

/** The right to go on is a name in the kernel, which is free again when its owner dies in whatever way. */
export async function oneAtATime<T>(what: string, action: () => Promise<T>): Promise<T> {
  let claim: Awaited<ReturnType<typeof tryListen>>
  const free = async (): Promise<boolean> => {
    claim = await tryListen({ path: `\0holdfast-lab-${what}` })
    return claim !== undefined
  }
  await until(free, { withinMs: WAIT_LIMIT_MS, everyMs: 200, what: `the end of another process's ${what}` })
  try {
    return await action()
  } finally {
    claim?.close()
  }
}
