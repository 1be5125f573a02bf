/** The span of each hold by its token, for a while after its end: what a stale write is linked to is over by then. */
import type { SpanContext } from '@opentelemetry/api'

const KEPT_MAX = 1_000

/** A hold as others name it. */
export interface HoldKey {
  readonly namespace: string
  readonly name: string
  readonly token: bigint
}

export class HoldContexts {
  readonly #contexts = new Map<string, SpanContext>()

  set(key: HoldKey, context: SpanContext): void {
    this.#contexts.set(textOf(key), context)
    if (this.#contexts.size <= KEPT_MAX) return
    const [oldest] = this.#contexts.keys()
    if (oldest !== undefined) this.#contexts.delete(oldest)
  }

  get(key: HoldKey): SpanContext | undefined {
    return this.#contexts.get(textOf(key))
  }
}

function textOf({ namespace, name, token }: HoldKey): string {
  return `${token} ${namespace}\n${name}`
}
