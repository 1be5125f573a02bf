/** Where a Redis Cluster keeps a key: one of 16,384 slots, by the CRC16 of the key or of its hash tag (Redis Cluster Specification). */
const SLOTS = 16_384
/** CRC16/XMODEM. */
const POLYNOMIAL = 0x1021

const table: Uint16Array = Uint16Array.from({ length: 256 }, (_, index) => {
  let crc = index << 8
  for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ POLYNOMIAL
  return crc
})

export function slotOf(key: string): number {
  let crc = 0
  for (const byte of Buffer.from(taggedPart(key))) crc = ((crc << 8) & 0xffff) ^ (table[(crc >> 8) ^ byte] ?? 0)
  return crc % SLOTS
}

/** What stands between the first brace and the next closing one, unless that is nothing. */
function taggedPart(key: string): string {
  const start = key.indexOf('{')
  const end = key.indexOf('}', start + 1)
  return start >= 0 && end > start + 1 ? key.slice(start + 1, end) : key
}

/** Short texts that are in each slot, found in the order of counting: all of them take some 200,000 steps, once. */
const tags: string[] = []
let tagsTried = 0

/** A hash tag of this slot, the same in every process. */
export function tagOf(slot: number): string {
  for (; tags[slot] === undefined; tagsTried += 1) {
    const tag = tagsTried.toString(36)
    tags[slotOf(tag)] ??= tag
  }
  return tags[slot]
}

/** In the order of their first members, which keep theirs. */
export function bySlot<T>(items: readonly T[], keyOf: (item: T) => string): readonly (readonly T[])[] {
  const groups = new Map<number, T[]>()
  for (const item of items) {
    const slot = slotOf(keyOf(item))
    const group = groups.get(slot)
    if (group === undefined) groups.set(slot, [item])
    else group.push(item)
  }
  return [...groups.values()]
}
