/** One request: what arrived with it, what it may do, and what every answer to it has in common. */
import type { HttpBindings } from '@hono/node-server'
import { parseSequencer } from 'holdfast'
import type { Context, Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { allow, type Caller, type Scope } from './gate.ts'
import { problemOf } from './problem.ts'
import { Refusal } from './refusal.ts'

interface Arrival {
  readonly Bindings: HttpBindings
  readonly Variables: { readonly caller: Caller; readonly receivedMs: number }
}

export type Call = Context<Arrival>
export type App = Hono<Arrival>

/** The name of the path, in the spelling of a sequencer, whose own reader refuses every other one. */
export function allowedName(call: Call, scope: Scope): string {
  return allowed(call, scope, call.req.param('name') ?? '')
}

export function allowed(call: Call, scope: Scope, spelling: string): string {
  const { name } = parseSequencer(`n/${spelling}/exclusive/1`)
  allow(call.get('caller'), scope, name)
  return name
}

export async function jsonOf(call: Call): Promise<unknown> {
  if (!/^application\/json\b/.test(call.req.header('content-type') ?? '')) throw notJson()
  return await call.req.json<unknown>().catch(() => undefined)
}

/**
 * The same, read from the socket itself: a request as browsers know it and its stream cost twice as much as all the rest of a
 * small request. A path that reads so must not be behind a limit that looks at the body.
 */
export async function plainJsonOf(call: Call, bytesMax: number): Promise<unknown> {
  if (!/^application\/json\b/.test(call.req.header('content-type') ?? '')) throw notJson()
  const parts: Buffer[] = []
  let length = 0
  for await (const part of call.env.incoming as AsyncIterable<Buffer>) {
    length += part.length
    if (length > bytesMax) throw tooLarge(bytesMax)
    parts.push(part)
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString()) as unknown
  } catch {
    return undefined
  }
}

export function tooLarge(bytesMax: number): Refusal {
  return new Refusal('TOO_LARGE', `a request has at most ${bytesMax} bytes`)
}

function notJson(): Refusal {
  return new Refusal('NOT_JSON', 'send JSON, with content-type: application/json')
}

/** Only the answer tells that the program went away: its request was read to the end before. */
export function goneOf(call: Call): AbortSignal {
  const gone = new AbortController()
  const { outgoing } = call.env
  outgoing.once('close', () => {
    if (!outgoing.writableEnded) gone.abort()
  })
  return gone.signal
}

export function answerOf(call: Call, error: unknown): Response {
  const problem = problemOf(error)
  call.header('Content-Type', 'application/problem+json')
  call.header('Cache-Control', 'no-store')
  // Another connection may lead to another server.
  if (problem.code === 'WRONG_INSTANCE') call.header('Connection', 'close')
  if (problem.retryAfterMs !== undefined) call.header('Retry-After', String(problem.retryAfterMs / 1_000))
  return call.body(JSON.stringify(problem), problem.status as ContentfulStatusCode)
}
