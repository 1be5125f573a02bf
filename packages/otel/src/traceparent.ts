/** The context of a span as the text that a claim carries, and back. */
import { isSpanContextValid, type SpanContext, TraceFlags } from '@opentelemetry/api'

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/

/** Undefined for a span that nobody will find: one that is not sampled. */
export function traceparentOf(context: SpanContext): string | undefined {
  const { traceId, spanId, traceFlags } = context
  if (!isSpanContextValid(context) || (traceFlags & TraceFlags.SAMPLED) === 0) return undefined
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
}

export function spanContextOf(traceparent: string): SpanContext | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  const context = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }
  return isSpanContextValid(context) ? context : undefined
}
