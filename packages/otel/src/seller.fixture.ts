/** A process that sells a seat under a lock, line by line of its standard input, and sends its spans to a collector. */
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { acceptSequencer, holdfast, StaleToken } from 'holdfast'
import { fence } from 'holdfast/guards/sqlite'
import { sqlite } from 'holdfast/sqlite'
import { instrument } from './index.ts'

const [folder = '', seller = '', collector = ''] = process.argv.slice(2)
const SEAT = { namespace: 'default', name: 'seat:14', mode: 'exclusive' } as const

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
const tracerProvider = new BasicTracerProvider({
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url: collector }))],
})
trace.setGlobalTracerProvider(tracerProvider)
const locks = holdfast(sqlite({ path: `${folder}/locks.db` }), { ttl: '1s', wait: '20s' })
instrument({ inspect: (name) => locks.inspect(name) })
const guard = fence(new DatabaseSync(`${folder}/shop.db`))
const tracer = trace.getTracer('shop')
const say = (word: string): void => void process.stdout.write(`${word}\n`)
let sequencer = ''
let release = async (): Promise<unknown> => undefined

/** What the seller is told to do. */
const steps: Readonly<Record<string, () => Promise<void>>> = {
  async take() {
    const lease = await tracer.startActiveSpan(`${seller} takes`, async (span) => {
      const taken = await locks.acquire(SEAT.name)
      span.end()
      return taken
    })
    sequencer = lease.sequencer
    release = () => lease.release()
    // The claim carries the trace of its hold from then on.
    await new Promise<void>((resolve) => locks.on('renewed', () => resolve()))
    say('held')
  },
  /** By the text alone, as a service does that was sent it and cannot know that the lease is over. */
  async sell() {
    tracer.startActiveSpan(`${seller} sells`, (span) => {
      try {
        guard.enter(acceptSequencer(sequencer, SEAT))
        say('sold')
      } catch (error) {
        if (!(error instanceof StaleToken)) throw error
        say('refused')
      }
      span.end()
    })
  },
  async end() {
    await release()
    await locks.close()
    await tracerProvider.shutdown()
    process.exit()
  },
}

for await (const line of createInterface({ input: process.stdin })) await steps[line]?.()
