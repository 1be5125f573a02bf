/** Few labels from many names: what is an id in a name becomes `*`, and after fifty labels every other is `other`. */
import type { Mode } from 'holdfast'

/** How many pairs of namespace and label a process tells apart. A system of metrics keeps a series for each, for ever. */
export const LABELS_MAX = 50
const OTHER = 'other'
/** Names are looked up here first: the rule costs more than everything else of an event. */
const KNOWN_NAMES_MAX = 1_000

const UUID = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/gi
const SEPARATORS = /([:/._-]+)/
const SEVERAL_STARS = /\*(?:[:/._-]+\*)+/g

export interface LabelOptions {
  /** Makes the label of a lock from its name. At most 50 of them count, whatever this returns. @default ids in the name become `*` */
  readonly label?: (name: string, mode: Mode) => string
}

export interface LabelledLock {
  readonly namespace: string
  readonly lock: string
}

const OTHERS: LabelledLock = { namespace: OTHER, lock: OTHER }

/**
 * The rule without options: split at `: / . _ -`, a part of digits, a UUID, eight or more hexadecimal digits, sixteen or more
 * letters with digits, or a part with `@` becomes `*`.
 *
 * @example
 * ```ts
 * plainLabel('order:4711:pay') // 'order:*:pay'
 * ```
 */
export function plainLabel(name: string): string {
  const parts = name.replaceAll(UUID, '*').split(SEPARATORS)
  return parts
    .map((part) => (isId(part) ? '*' : part))
    .join('')
    .replaceAll(SEVERAL_STARS, '*')
}

function isId(part: string): boolean {
  const hasDigit = /\d/.test(part)
  return (
    /^\d+$/.test(part) ||
    (hasDigit && /^[0-9a-f]{8,}$/i.test(part)) ||
    (hasDigit && part.length >= 16) ||
    part.includes('@')
  )
}

export class LockLabels {
  readonly #label: (name: string, mode: Mode) => string
  readonly #onFull: () => void
  /** By name alone: making a key of several words would cost more than looking it up. */
  readonly #known: Readonly<Record<Mode, Map<string, { readonly namespace: string; readonly label: LabelledLock }>>> = {
    exclusive: new Map(),
    shared: new Map(),
    permit: new Map(),
  }
  readonly #labels = new Map<string, LabelledLock>()
  readonly #namespaces = new Set<string>()
  #isFull = false

  /** `onFull` is called once, with the first lock that has no label of its own. */
  constructor({ label = plainLabel }: LabelOptions, onFull: () => void) {
    this.#label = label
    this.#onFull = onFull
  }

  of(namespace: string, name: string, mode: Mode): LabelledLock {
    const known = this.#known[mode]
    const found = known.get(name)
    if (found?.namespace === namespace) return found.label
    const label = this.#labelled(namespace, this.#label(name, mode))
    if (known.size >= KNOWN_NAMES_MAX) known.clear()
    known.set(name, { namespace, label })
    return label
  }

  /** For what belongs to a client and to no lock. */
  ofNamespace(namespace: string): string {
    if (this.#namespaces.has(namespace)) return namespace
    if (this.#namespaces.size >= LABELS_MAX) return this.#full().namespace
    this.#namespaces.add(namespace)
    return namespace
  }

  #labelled(namespace: string, lock: string): LabelledLock {
    const key = `${namespace}\n${lock}`
    const found = this.#labels.get(key)
    if (found !== undefined) return found
    if (this.#labels.size >= LABELS_MAX) return this.#full()
    const made = { namespace, lock }
    this.#labels.set(key, made)
    return made
  }

  #full(): LabelledLock {
    if (!this.#isFull) this.#onFull()
    this.#isFull = true
    return OTHERS
  }
}
