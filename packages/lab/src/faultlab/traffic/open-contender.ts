/** Opens the lock that a run puts to the test. */
import type { Contender, ContenderOptions, OpenContender } from './contender.ts'
import { openBroken } from './broken/open.ts'
import { openHoldfast } from './holdfast-contender.ts'
import type { LockChoice } from './order.ts'

export async function openContender(lock: LockChoice, options: ContenderOptions): Promise<Contender> {
  switch (lock.kind) {
    case 'holdfast':
      return openHoldfast(options)
    case 'broken':
      return openBroken(lock.name, options)
    case 'module':
      return (await moduleAt(lock.url))(options)
  }
}

async function moduleAt(url: string): Promise<OpenContender> {
  const module: unknown = await import(url).catch((error: unknown) => {
    const [reason] = String(error instanceof Error ? error.message : error).split('\n')
    throw new Error(`the module given with --lock cannot be loaded: ${reason}`, { cause: error })
  })
  if (typeof module === 'object' && module !== null && 'openContender' in module) {
    if (typeof module.openContender === 'function') return module.openContender as OpenContender
  }
  throw new Error('the module given with --lock exports no function openContender; docs/fault-lab.md shows one')
}
