/** A span for each wait and one for each hold, siblings under the span of the call. */
import { listen, type LockLabels } from '@holdfast/telemetry'
import { context, type Context, type Span, SpanStatusCode, type Tracer } from '@opentelemetry/api'
import type { EventMap, LockEvent } from 'holdfast'
import { HoldContexts } from './hold-contexts.ts'
import { RefusalSpans, type RefusalSpansOptions } from './refusal-spans.ts'
import { traceparentOf } from './traceparent.ts'

/** A renewal that is later than this shows in the span of its hold. */
const LATE_MS = 250

interface Wait {
  readonly span: Span
  /** A renewal and a grant may run in the context of other work: what the call ran in is kept here. */
  readonly parent: Context
}

/** Makes spans until the returned function is called; those that are open then are ended. */
export function traceLocks(tracer: Tracer, options: RefusalSpansOptions): () => void {
  const holds = new HoldContexts()
  const refusals = new RefusalSpans(tracer, holds, options)
  const spans = new LockSpans(tracer, options.labels, holds)
  const stop = listen(
    {
      'holdfast:asked': (event) => spans.asked(event),
      'holdfast:waiting': (event) => spans.waits(event),
      'holdfast:acquired': (event) => spans.acquired(event),
      'holdfast:refused': (event) => spans.refused(event),
      'holdfast:renewed': (event) => spans.renewed(event),
      'holdfast:jeopardy': (event) => spans.jeopardy(event),
      'holdfast:lost': (event) => spans.lost(event),
      'holdfast:released': (event) => spans.released(event),
      'holdfast:guard:refused': (event) => refusals.refused(event),
    },
    (error) => options.onTrouble(`a lock has no span: ${error instanceof Error ? error.message : String(error)}`),
  )
  return () => {
    stop()
    spans.end()
  }
}

class LockSpans {
  readonly #tracer: Tracer
  readonly #labels: LockLabels
  readonly #contexts: HoldContexts
  readonly #waits = new Map<number, Wait>()
  readonly #holds = new Map<number, Span>()

  constructor(tracer: Tracer, labels: LockLabels, contexts: HoldContexts) {
    this.#tracer = tracer
    this.#labels = labels
    this.#contexts = contexts
  }

  asked(event: EventMap['asked']): void {
    const parent = context.active()
    const span = this.#start('lock wait', event, parent)
    this.#waits.set(event.attempt, { span, parent })
    carry(event, span)
  }

  waits({ attempt, ahead }: EventMap['waiting']): void {
    const span = this.#waits.get(attempt)?.span
    span?.addEvent('queued', ahead === undefined ? {} : { 'holdfast.wait.ahead': ahead })
  }

  acquired(event: EventMap['acquired']): void {
    // One of several tries tells nothing before it is granted.
    const parent = this.#waits.get(event.attempt)?.parent ?? context.active()
    this.#waitEnds(event.attempt, 'acquired')
    const span = this.#start('lock hold', event, parent)
    span.setAttribute('holdfast.lock.token', String(event.token))
    this.#holds.set(event.attempt, span)
    if (span.isRecording()) this.#contexts.set(event, span.spanContext())
    carry(event, span)
  }

  refused({ attempt, because }: EventMap['refused']): void {
    if (because === 'failed') this.#waits.get(attempt)?.span.setStatus({ code: SpanStatusCode.ERROR, message: because })
    this.#waitEnds(attempt, because)
  }

  renewed({ attempt, lateMs }: EventMap['renewed']): void {
    if (lateMs < LATE_MS) return
    this.#holds.get(attempt)?.addEvent('renewal late', { 'holdfast.renewal.late_ms': Math.round(lateMs) })
  }

  jeopardy({ attempt, remainingMs }: EventMap['jeopardy']): void {
    this.#holds.get(attempt)?.addEvent('jeopardy', { 'holdfast.lease.remaining_ms': Math.round(remainingMs) })
  }

  lost({ attempt, because, reason }: EventMap['lost']): void {
    const span = this.#holds.get(attempt)
    span?.setAttribute('holdfast.cause', because)
    span?.setStatus({ code: SpanStatusCode.ERROR, message: reason })
    this.#holdEnds(attempt, 'lost')
  }

  released({ attempt, outcome }: EventMap['released']): void {
    this.#holdEnds(attempt, outcome)
  }

  end(): void {
    for (const { span } of this.#waits.values()) span.end()
    for (const span of this.#holds.values()) span.end()
    this.#waits.clear()
    this.#holds.clear()
  }

  #waitEnds(attempt: number, outcome: string): void {
    const wait = this.#waits.get(attempt)
    if (wait === undefined) return
    this.#waits.delete(attempt)
    wait.span.setAttribute('holdfast.outcome', outcome)
    wait.span.end()
  }

  /** The first end counts: a lost lease may be released as well. */
  #holdEnds(attempt: number, outcome: string): void {
    const span = this.#holds.get(attempt)
    if (span === undefined) return
    this.#holds.delete(attempt)
    span.setAttribute('holdfast.outcome', outcome)
    span.end()
  }

  /** The label stands in the name of the span. */
  #start(what: string, { namespace, name, mode }: LockEvent, parent: Context): Span {
    const { lock } = this.#labels.of(namespace, name, mode)
    const attributes = { 'holdfast.namespace': namespace, 'holdfast.lock.name': name, 'holdfast.lock.mode': mode }
    return this.#tracer.startSpan(`${what} ${lock}`, { attributes }, parent)
  }
}

function carry(event: EventMap['asked'] | EventMap['acquired'], span: Span): void {
  const traceparent = traceparentOf(span.spanContext())
  if (traceparent !== undefined) event.carry(traceparent)
}
