/** Stands for the service you have: texts under keys, each with a version, changed by compare-and-set; and a clock. */

export interface Drawer {
  readonly text: string
  readonly version: number
}

export interface Cabinet {
  read(key: string): Promise<{ readonly drawer: Drawer | undefined; readonly nowMs: number }>
  /** Writes only if the version is still the one that was seen, 0 for a drawer that does not exist. */
  swap(key: string, seenVersion: number, text: string): Promise<boolean>
  /** Keys after `after` in alphabetical order. */
  keys(prefix: string, after: string | undefined, limit: number): Promise<readonly string[]>
}

/** One in this process, so that the example can be run. */
export function cabinetInMemory(): Cabinet {
  const drawers = new Map<string, Drawer>()
  const network = () => new Promise((resolve) => setImmediate(resolve))
  return {
    async read(key) {
      await network()
      return { drawer: drawers.get(key), nowMs: performance.timeOrigin + performance.now() }
    },
    async swap(key, seenVersion, text) {
      await network()
      if ((drawers.get(key)?.version ?? 0) !== seenVersion) return false
      drawers.set(key, { text, version: seenVersion + 1 })
      return true
    },
    async keys(prefix, after = '', limit) {
      await network()
      const found = [...drawers.keys()].filter((key) => key.startsWith(prefix) && key > after)
      return found.sort().slice(0, limit)
    },
  }
}
