/** Spans and metrics by the real SDK: what a backend is given while real clients work. */
import { DatabaseSync } from 'node:sqlite'
import { context, type Span, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  AlwaysOffSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { acceptSequencer, type Fenced, holdfast, type Lease, type Locks, StaleToken } from 'holdfast'
import { fence } from 'holdfast/guards/sqlite'
import { memory, memoryEngine } from 'holdfast/memory'
import { type VirtualClock, virtualClock } from 'holdfast/testing'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { instrument, type InstrumentOptions } from './index.ts'

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
})
afterAll(() => context.disable())

interface Bench {
  readonly clock: VirtualClock
  open(): Locks
  /** Runs the work in a span of the program. */
  under<T>(name: string, work: (span: Span) => Promise<T>): Promise<T>
  /** Those that have ended, by what their names begin with. */
  ended(name: string): readonly ReadableSpan[]
}

function bench(options: InstrumentOptions = {}, isSampled = true): Bench {
  const exporter = new InMemorySpanExporter()
  const tracerProvider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
    ...(isSampled ? {} : { sampler: new AlwaysOffSampler() }),
  })
  onTestFinished(instrument({ metrics: false, tracerProvider, ...options }))
  const [clock, engine] = [virtualClock(), memoryEngine()]
  const tracer = tracerProvider.getTracer('program')
  return {
    clock,
    open: () => holdfast(memory(engine), { clock, ttl: '9s' }),
    under: (name, work) =>
      tracer.startActiveSpan(name, async (span) => {
        try {
          return await work(span)
        } finally {
          span.end()
        }
      }),
    ended: (name) => exporter.getFinishedSpans().filter((span) => span.name.startsWith(name)),
  }
}

/** The lock as another service has it, which cannot know that it was lost. */
function asSent({ sequencer, namespace, name }: Lease): Fenced {
  return acceptSequencer(sequencer, { namespace, name, mode: 'exclusive' })
}

function linksOf(span: ReadableSpan | undefined): Readonly<Record<string, string>> {
  const links = span?.links.map(({ context: to, attributes }) => [String(attributes?.['holdfast.link']), to.spanId])
  return Object.fromEntries(links ?? []) as Record<string, string>
}

describe('a wait and a hold', () => {
  test('are siblings under the span of the call, named by the label and not by the id in the name', async () => {
    const { open, under, ended } = bench()
    const locks = open()
    await under('sell', () => locks.using('seat:4711', () => under('work', async () => undefined)))
    const [[call], [wait], [hold]] = [ended('sell'), ended('lock wait'), ended('lock hold')]
    expect([wait?.name, hold?.name]).toEqual(['lock wait seat:*', 'lock hold seat:*'])
    expect([wait?.parentSpanContext?.spanId, hold?.parentSpanContext?.spanId]).toEqual([
      call?.spanContext().spanId,
      call?.spanContext().spanId,
    ])
    expect(hold?.attributes).toMatchObject({
      'holdfast.namespace': 'default',
      'holdfast.lock.name': 'seat:4711',
      'holdfast.lock.mode': 'exclusive',
      'holdfast.outcome': 'released',
    })
    expect(hold?.attributes['holdfast.lock.token']).toMatch(/^\d+$/)
    expect(wait?.attributes['holdfast.outcome']).toBe('acquired')
    expect(hold?.status.code).toBe(SpanStatusCode.UNSET)
  })

  test('say how long the line was, and why a wait ended without the lock', async () => {
    const { clock, open, ended } = bench()
    const lease = await open().acquire('seat')
    const late = open().acquire('seat', { wait: '1s' })
    late.catch(() => undefined)
    await clock.advance(1_100)
    const [, wait] = ended('lock wait')
    expect(wait?.events).toMatchObject([{ name: 'queued', attributes: { 'holdfast.wait.ahead': 0 } }])
    expect(wait?.attributes['holdfast.outcome']).toBe('timeout')
    await lease.release()
  })

  test('that was lost is an error, with its cause', async () => {
    const { clock, open, ended } = bench()
    const locks = open()
    const lease = await locks.acquire('seat')
    await locks.evict('seat', { token: lease.token, reason: 'the node is drained' })
    await clock.advance(4_000)
    await lease.release()
    expect(ended('lock hold')).toHaveLength(1)
    expect(ended('lock hold')[0]?.status.code).toBe(SpanStatusCode.ERROR)
    expect(ended('lock hold')[0]?.attributes).toMatchObject({ 'holdfast.outcome': 'lost', 'holdfast.cause': 'evicted' })
  })

  test('keep the parent of their own call, although renewals of all leases run together', async () => {
    const { clock, open, under, ended } = bench()
    const locks = open()
    const [a, b] = await Promise.all([
      under('first', () => locks.acquire('a')),
      under('second', () => locks.acquire('b')),
    ])
    await clock.advance(4_000)
    await Promise.all([a.release(), b.release()])
    const parents = ended('lock hold').map(({ parentSpanContext }) => parentSpanContext?.spanId)
    expect(parents).toEqual([ended('first')[0]?.spanContext().spanId, ended('second')[0]?.spanContext().spanId])
  })
})

describe('a refused write', () => {
  test('is a span of the writer, linked to its own hold that was over and to the hold that outranked it', async () => {
    const { open, under, ended } = bench()
    const locks = open()
    using db = new DatabaseSync(':memory:')
    const guard = fence(db)
    const first = await locks.acquire('seat')
    const late = asSent(first)
    await first.release()
    const second = await locks.acquire('seat')
    guard.enter(second)
    await under('write', async () => {
      expect(() => guard.run(late, () => undefined)).toThrow(StaleToken)
    })
    await second.release()
    const [refused] = ended('lock write refused')
    const [stale, holder] = ended('lock hold')
    expect(refused?.parentSpanContext?.spanId).toBe(ended('write')[0]?.spanContext().spanId)
    expect(refused?.status.code).toBe(SpanStatusCode.ERROR)
    expect(linksOf(refused)).toEqual({ stale: stale?.spanContext().spanId, holder: holder?.spanContext().spanId })
    expect(refused?.attributes).toMatchObject({
      'holdfast.guard.name': 'sqlite',
      'holdfast.lock.token': stale?.attributes['holdfast.lock.token'],
      'holdfast.guard.needed': holder?.attributes['holdfast.lock.token'],
    })
  })

  test('is linked to a holder that this process knows only from the line, by the trace that its claim carries', async () => {
    // The instrumentation of the writer's process, and beside it a client that it does not see take the lock.
    const elsewhere = new InMemorySpanExporter()
    const other = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(elsewhere)] })
    const engine = memoryEngine()
    const clock = virtualClock()
    const [writer, holder] = [holdfast(memory(engine), { clock }), holdfast(memory(engine), { clock })]
    const stopOther = instrument({ metrics: false, tracerProvider: other })
    const first = await writer.acquire('seat')
    const late = asSent(first)
    await first.release()
    const second = await holder.acquire('seat', { ttl: '9s' })
    await clock.advance(3_500)
    stopOther()
    const { under, ended } = bench({ inspect: (name) => writer.inspect(name) })
    using db = new DatabaseSync(':memory:')
    const guard = fence(db)
    guard.enter(second)
    await under('write', async () => {
      expect(() => guard.run(late, () => undefined)).toThrow(StaleToken)
    })
    await expect.poll(() => ended('lock write refused').length).toBe(1)
    const hold = elsewhere.getFinishedSpans().findLast(({ name }) => name === 'lock hold seat')
    expect(linksOf(ended('lock write refused')[0])).toEqual({ holder: hold?.spanContext().spanId })
    await second.release()
  })

  test('of a lock that is refused again and again costs one look at its line a second', async () => {
    let looks = 0
    const { open, ended } = bench({
      inspect: () => {
        looks += 1
        return Promise.reject(new Error('the store is away'))
      },
    })
    const locks = open()
    using db = new DatabaseSync(':memory:')
    const guard = fence(db)
    const first = await locks.acquire('seat')
    const late = asSent(first)
    await first.release()
    const { name, namespace, mode, token } = await locks.acquire('seat')
    // A mark that is newer than every hold of this process.
    guard.enter(acceptSequencer(`${namespace}/${name}/${mode}/${token + 1n}`, { namespace, name, mode: 'exclusive' }))
    for (let time = 0; time < 100; time += 1) expect(() => guard.enter(late)).toThrow(StaleToken)
    await expect.poll(() => ended('lock write refused').length).toBe(100)
    expect(looks).toBe(1)
  })
})

test('a claim carries no trace of a span that is not sampled', async () => {
  const { open } = bench({}, false)
  const locks = open()
  const lease = await locks.acquire('seat')
  expect((await locks.inspect('seat')).claims[0]).not.toHaveProperty('trace')
  await lease.release()
})

test('a claim carries the trace of its wait, and a program that was not traced before is found by it', async () => {
  const { open, ended } = bench()
  const locks = open()
  const lease = await locks.acquire('seat', { note: 'row 1' })
  const [claim] = (await locks.inspect('seat')).claims
  expect(claim?.note).toBe('row 1')
  expect(claim?.trace).toContain(ended('lock wait')[0]?.spanContext().spanId)
  await lease.release()
})

test('metrics reach a reader with names, units and buckets in seconds', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  const meterProvider = new MeterProvider({ readers: [reader] })
  onTestFinished(() => meterProvider.shutdown())
  onTestFinished(instrument({ spans: false, meterProvider }))
  const locks = holdfast(memory())
  await locks.using('seat:14A', () => 'sold')
  const lease = await locks.acquire('seat:14B')
  await reader.forceFlush()
  const found = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
  const points = (name: string): readonly { readonly attributes: object; readonly value: unknown }[] =>
    found.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? []
  const about = {
    'holdfast.namespace': 'default',
    'holdfast.lock.label': 'seat:14A',
    'holdfast.lock.mode': 'exclusive',
  }
  const acquired = { ...about, 'holdfast.outcome': 'acquired' }
  expect(points('holdfast.lock.attempts').find(({ attributes }) => same(attributes, acquired))?.value).toBe(1)
  expect(points('holdfast.lock.held').map(({ value }) => value)).toEqual([0, 1])
  expect(points('holdfast.lock.wait.duration')[0]?.value).toMatchObject({
    count: 1,
    buckets: { boundaries: expect.arrayContaining([0.001, 300]) },
  })
  expect(found.find(({ descriptor }) => descriptor.name === 'holdfast.lock.hold.duration')?.descriptor.unit).toBe('s')
  await lease.release()
})

function same(one: object, other: object): boolean {
  const sorted = (each: object): string =>
    JSON.stringify(
      Object.entries(each)
        .map(String)
        .toSorted((a, b) => a.localeCompare(b)),
    )
  return sorted(one) === sorted(other)
}

test('what was turned off makes nothing more, and ends the spans that are open', async () => {
  const exporter = new InMemorySpanExporter()
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  const stop = instrument({ metrics: false, tracerProvider })
  const locks = holdfast(memory())
  const lease = await locks.acquire('seat')
  stop()
  expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['lock wait seat', 'lock hold seat'])
  await lease.release()
  await locks.using('seat', () => undefined)
  expect(exporter.getFinishedSpans()).toHaveLength(2)
  expect(trace.getActiveSpan()).toBeUndefined()
})
