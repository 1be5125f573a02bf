/** What metrics and spans add to an uncontended pair in Redis. The figures are beside the same pair without them. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { instrument } from '@holdfast/otel'
import { register } from '@holdfast/prometheus'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { holdfast } from 'holdfast'
import { redis } from 'holdfast/redis'
import { Registry } from 'prom-client'
import { nowMs } from '../clock.ts'
import type { Figure, Suite } from '../figure.ts'
import { holdfastLock } from '../holdfast-lock.ts'
import {
  compared,
  type Contestant,
  cpuPerPair,
  latencyAt,
  pooledLatenciesUs,
  roundsIn,
  type Slice,
  takeTurns,
} from '../slices.ts'
import { percentile } from '../statistics.ts'
import { connect } from './client.ts'
import { nameOf } from './pair.ts'
import { withServer } from './server.ts'

/** Spans are batched and thrown away: what an exporter sends later is its own cost. */
const tracerProvider = new BasicTracerProvider({
  spanProcessors: [
    new BatchSpanProcessor({ export: (_, done) => done({ code: 0 }), shutdown: () => Promise.resolve() }),
  ],
})
/** Without a reader the SDK aggregates nothing. */
class QuietReader extends MetricReader {
  protected override onForceFlush(): Promise<void> {
    return Promise.resolve()
  }
  protected override onShutdown(): Promise<void> {
    return Promise.resolve()
  }
}
const meterProvider = new MeterProvider({ readers: [new QuietReader()] })

interface Watching {
  readonly name: string
  readonly p50?: { readonly atMost: number }
  /** Returns what ends it. */
  begin(): () => void
}

const off: Watching = { name: 'nothing', begin: () => () => undefined }

const watchings: readonly Watching[] = [
  off,
  {
    name: 'OpenTelemetry, metrics',
    p50: { atMost: 1.03 },
    begin: () => instrument({ spans: false, meterProvider }),
  },
  // The reference again: it against itself is the noise.
  off,
  {
    name: 'OpenTelemetry, metrics and spans',
    begin: () => instrument({ meterProvider, tracerProvider }),
  },
  {
    name: 'two empty spans of the SDK',
    begin() {
      const tracer = tracerProvider.getTracer('bare')
      const pair = (): void => {
        for (const name of ['wait', 'hold']) tracer.startSpan(name).end()
      }
      subscribe('holdfast:acquired', pair)
      return () => void unsubscribe('holdfast:acquired', pair)
    },
  },
  {
    name: 'Prometheus',
    p50: { atMost: 1.03 },
    begin: () => register({ registry: new Registry() }),
  },
]

export const redisTelemetry: Suite = {
  name: 'redis-telemetry',
  group: 'redis',
  about:
    'Redis, acquire + release of names nobody else wants, one in flight; ratios against the same without a listener',
  run: (settings) =>
    withServer(async (server) => {
      const client = await connect(server.url)
      const locks = holdfast(redis(client))
      try {
        await locks.open()
        const lock = holdfastLock(locks, nameOf('used'))
        const contestants = inTurn(lock)
        const played = await takeTurns(contestants, roundsIn(settings, watchings.length), nowMs())
        return figuresOf(played)
      } finally {
        await locks.close()
        client.disconnect()
      }
    }),
}

/** Whatever listens hears every client of the process, so each begins with its first pair and ends the one before. */
function inTurn(lock: Contestant): readonly Contestant[] {
  let current: Watching | undefined
  let end = (): void => undefined
  return watchings.map((watching) => ({
    pair: (turn) => {
      if (current !== watching) {
        end()
        end = watching.begin()
        current = watching
      }
      return lock.pair(turn)
    },
  }))
}

function figuresOf(played: readonly (readonly Slice[])[]): readonly Figure[] {
  return watchings.flatMap(({ name, p50 }, index): readonly Figure[] => {
    if (index === 2) return []
    const absolute: Figure = {
      what: `${name}: p50`,
      unit: 'µs',
      value: percentile(pooledLatenciesUs(played, index), 0.5),
    }
    if (index === 0) return [absolute]
    return [
      {
        what: `${name}: p50, ratio`,
        unit: '×',
        ...compared(played, latencyAt(0.5), index),
        ...(p50 !== undefined && { target: p50 }),
      },
      { what: `${name}: client CPU, ratio`, unit: '×', ...compared(played, cpuPerPair, index) },
      absolute,
    ]
  })
}
