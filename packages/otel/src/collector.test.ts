/**
 * A paused holder, its late write, and what a collector is sent of it by two processes. The collector is a receiver of OTLP over
 * HTTP in this test, because Debian has none.
 *
 * @module-tag real-time
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'

/** A span as OTLP writes it in JSON. */
interface SentSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly links?: readonly SentLink[]
}

interface SentLink {
  readonly traceId: string
  readonly spanId: string
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[]
}

interface Export {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[] }[]
}

/** Receives what exporters send. */
async function collector(): Promise<{ readonly url: string; readonly spans: SentSpan[] }> {
  const spans: SentSpan[] = []
  const server = createServer((request, answer) => {
    void request.toArray().then((chunks) => {
      const { resourceSpans } = JSON.parse(Buffer.concat(chunks as Buffer[]).toString()) as Export
      for (const { scopeSpans } of resourceSpans) for (const each of scopeSpans) spans.push(...each.spans)
      answer.setHeader('content-type', 'application/json').end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`, spans }
}

class Seller {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #lines: Interface

  constructor(folder: string, name: string, url: string) {
    const program = join(import.meta.dirname, 'seller.fixture.ts')
    this.#child = spawn(process.execPath, [program, folder, name, url], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#lines = createInterface({ input: this.#child.stdout })
    onTestFinished(() => void this.#child.kill('SIGKILL'))
  }

  /** Resolves with its word. */
  async does(step: 'take' | 'sell'): Promise<string> {
    this.#child.stdin.write(`${step}\n`)
    const [word] = (await once(this.#lines, 'line')) as [string]
    return word
  }

  pause(): void {
    this.#child.kill('SIGSTOP')
  }

  resume(): void {
    this.#child.kill('SIGCONT')
  }

  async end(): Promise<void> {
    this.#child.stdin.write('end\n')
    await once(this.#child, 'exit')
  }
}

function linkOf(span: SentSpan, kind: string): string | undefined {
  const found = span.links?.find(({ attributes }) => attributes.some(({ value }) => value.stringValue === kind))
  return found === undefined ? undefined : `${found.traceId}/${found.spanId}`
}

test('the late write of a paused holder is linked to its own hold, and to that of the process which holds the lock now', async () => {
  const { url, spans } = await collector()
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-collector-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const [late, next] = [new Seller(folder, 'late', url), new Seller(folder, 'next', url)]
  expect(await late.does('take')).toBe('held')
  expect(await late.does('sell')).toBe('sold')
  late.pause()
  expect(await next.does('take')).toBe('held')
  expect(await next.does('sell')).toBe('sold')
  late.resume()
  expect(await late.does('sell')).toBe('refused')
  await late.end()
  await next.end()

  const find = (name: string, under?: string): SentSpan => {
    const parent = under === undefined ? undefined : spans.find((span) => span.name === under)?.spanId
    const found = spans.findLast((span) => span.name === name && (parent === undefined || span.parentSpanId === parent))
    if (found === undefined) throw new Error(`there is no "${name}" among ${spans.map((each) => each.name).join(', ')}`)
    return found
  }
  const place = ({ traceId, spanId }: SentSpan): string => `${traceId}/${spanId}`
  const refused = find('lock write refused seat:*')
  expect(refused.parentSpanId).toBe(find('late sells').spanId)
  expect(linkOf(refused, 'stale')).toBe(place(find('lock hold seat:*', 'late takes')))
  expect(linkOf(refused, 'holder')).toBe(place(find('lock hold seat:*', 'next takes')))
})
