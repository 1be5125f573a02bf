/** A refused write as a span under the writer's own, with links to the hold that was over and to the one that outranked it. */
import type { LockLabels } from '@holdfast/telemetry'
import { context, type Context, type Link, type SpanContext, SpanStatusCode, type Tracer } from '@opentelemetry/api'
import type { GuardEventMap } from 'holdfast'
import type { HoldContexts } from './hold-contexts.ts'
import type { InstrumentOptions } from './instrument.ts'
import { spanContextOf } from './traceparent.ts'

/** A lock whose writes are refused again and again is looked at no more often than this. */
const LOOK_EVERY_MS = 1_000
const LOOKS_MAX = 1_000

type Refusal = GuardEventMap['refused']

export interface RefusalSpansOptions {
  readonly labels: LockLabels
  readonly inspect: InstrumentOptions['inspect']
  readonly onTrouble: (words: string) => void
}

export class RefusalSpans {
  readonly #tracer: Tracer
  readonly #holds: HoldContexts
  readonly #options: RefusalSpansOptions
  readonly #lookedMs = new Map<string, number>()

  constructor(tracer: Tracer, holds: HoldContexts, options: RefusalSpansOptions) {
    this.#tracer = tracer
    this.#holds = holds
    this.#options = options
  }

  /** The span begins and ends with the refusal, also where its holder is found a little later. */
  refused(refusal: Refusal): void {
    const { namespace, name, needed } = refusal
    const [parent, at] = [context.active(), new Date()]
    const here = this.#holds.get({ namespace, name, token: needed })
    if (here !== undefined || !this.#mayLook(refusal)) return this.#tell(refusal, { parent, at, holder: here })
    void this.#holderOf(refusal).then((holder) => this.#tell(refusal, { parent, at, holder }))
  }

  #mayLook({ namespace, name }: Refusal): boolean {
    if (this.#options.inspect === undefined) return false
    const key = `${namespace}\n${name}`
    const nowMs = performance.now()
    if (nowMs - (this.#lookedMs.get(key) ?? -LOOK_EVERY_MS) < LOOK_EVERY_MS) return false
    if (this.#lookedMs.size >= LOOKS_MAX) this.#lookedMs.clear()
    this.#lookedMs.set(key, nowMs)
    return true
  }

  /** Never rejects. */
  async #holderOf({ namespace, name, needed }: Refusal): Promise<SpanContext | undefined> {
    try {
      const line = await this.#options.inspect?.(name, namespace)
      const trace = line?.claims.find(({ token }) => token === needed)?.trace
      return trace === undefined ? undefined : spanContextOf(trace)
    } catch (error) {
      this.#options.onTrouble(
        `the holder of "${name}" was not found: ${error instanceof Error ? error.message : String(error)}`,
      )
      return undefined
    }
  }

  #tell(
    { namespace, name, mode, guard, token, needed }: Refusal,
    { parent, at, holder }: { readonly parent: Context; readonly at: Date; readonly holder: SpanContext | undefined },
  ): void {
    const stale = this.#holds.get({ namespace, name, token })
    const { lock } = this.#options.labels.of(namespace, name, mode)
    const attributes = {
      'holdfast.namespace': namespace,
      'holdfast.lock.label': lock,
      'holdfast.lock.name': name,
      'holdfast.lock.mode': mode,
      'holdfast.lock.token': String(token),
      'holdfast.guard.name': guard,
      'holdfast.guard.needed': String(needed),
    }
    const links = [...linkTo(stale, 'stale'), ...linkTo(holder, 'holder')]
    const span = this.#tracer.startSpan(`lock write refused ${lock}`, { attributes, links, startTime: at }, parent)
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'stale token' })
    span.end(at)
  }
}

function linkTo(to: SpanContext | undefined, kind: 'stale' | 'holder'): readonly Link[] {
  return to === undefined ? [] : [{ context: to, attributes: { 'holdfast.link': kind } }]
}
