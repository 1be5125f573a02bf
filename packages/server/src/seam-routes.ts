/** The seam over HTTP, call for call: for `holdfast/http`, and for clients in other languages. */
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { type HoldfastError, Misuse, parseSequencer, type Ref, type RenewAnswer, type Standing } from 'holdfast'
import { systemClock } from 'holdfast/testing'
import type { ZodType } from 'zod'
import { type App, type Call, plainJsonOf } from './call.ts'
import { allow, type Scope } from './gate.ts'
import type { Loans } from './loans.ts'
import { parsed } from './messages.ts'
import { problemOf } from './problem.ts'
import { Refusal } from './refusal.ts'
import type { Seam } from './seam.ts'
import { lineBody, type RefBody, seamSchemas, standingBody } from './seam-messages.ts'
import { SeamStreams } from './seam-stream.ts'

export interface SeamRoutesOptions {
  readonly seam: Seam
  readonly namespace: string
  readonly instance: string
  readonly loans: Loans
  readonly readerSilenceMs: number
  /** Of one request. */
  readonly bodyBytesMax: number
}

/** Raised when a request or an answer changes its meaning. */
const VERSION = 1

type SeamSchemas = typeof seamSchemas
type Body<Step extends keyof SeamSchemas> = ReturnType<SeamSchemas[Step]['parse']>

export function addSeamRoutes(app: App, options: SeamRoutesOptions): void {
  const { seam, instance, loans, readerSilenceMs } = options
  const streams = new SeamStreams(readerSilenceMs)
  loans.draining.addEventListener('abort', () => streams.endAll())
  app.use('/v1/seam/*', async (call, next) => {
    call.header('Holdfast-Facts', seam.factsTag)
    seam.checkInstance(call.req.header('holdfast-instance'))
    await next()
  })
  app.get('/v1/seam/facts', (call) => {
    checkScope(call, 'read')
    return call.json({ seam: VERSION, instance, tag: seam.factsTag, facts: seam.facts })
  })
  app.get('/v1/seam/stream', (call) => {
    checkScope(call, 'lock')
    if (loans.isDraining) throw new Refusal('DRAINING', 'this server is about to end: ask another one, or again')
    streams.open(call.env.outgoing, instance)
    return RESPONSE_ALREADY_SENT
  })
  addClaims(app, options, streams)
  addLines(app, options, streams)
}

function addClaims(app: App, { seam, namespace, loans, bodyBytesMax }: SeamRoutesOptions, streams: SeamStreams): void {
  const step = stepOf(app, bodyBytesMax)
  const allowed = allowedIn(namespace, 'lock')
  step('enter', async (call, claim) => {
    allowed(call, claim.resource)
    if (loans.isDraining) throw new Refusal('DRAINING', 'this server is about to end: ask another one, or again')
    return standingBody(await seam.enter(claim), receivedMsOf(call))
  })
  step('renew', async (call, { renewals }) => {
    for (const { ref } of renewals) allowed(call, ref.resource)
    const answers = await seam.renew(
      renewals.map(({ ref, ...rest }) => ({ ...withoutUndefined(rest), ref: refOf(ref) })),
    )
    return { standings: answers.map((answer) => answerBody(answer, receivedMsOf(call))) }
  })
  step('leave', async (call, { ref, ...rest }) => {
    allowed(call, ref.resource)
    return { outcome: await seam.leave(refOf(ref), withoutUndefined(rest)) }
  })
  step('watch', async (call, { stream, watch, ref }) => {
    allowed(call, ref.resource)
    const receivedMs = receivedMsOf(call)
    streams.of(stream).begin(watch, ref.resource, async (signal) => {
      const told = await seam.store.watch(refOf(ref), signal)
      if (told.kind === 'hint') return { hint: true }
      return { told: standingBody(await seam.detached(refOf(ref), told), receivedMs) }
    })
    return { watching: true }
  })
  step('unwatch', async (_, { stream, watch }) => {
    streams.of(stream).forget(watch)
    return { watching: false }
  })
}

function addLines(app: App, { seam, namespace, bodyBytesMax }: SeamRoutesOptions, streams: SeamStreams): void {
  const step = stepOf(app, bodyBytesMax)
  const readable = allowedIn(namespace, 'read')
  step('look', async (call, { resource }) => {
    readable(call, resource)
    return lineBody(await seam.store.look(resource))
  })
  step('list', async (call, { prefix, cursor, limit }) => {
    readable(call, prefix)
    return await seam.store.list(prefix, cursor, limit)
  })
  step('observe', async (call, { stream, watch, resource, seen }) => {
    readable(call, resource)
    streams.of(stream).begin(watch, resource, async (signal) => ({
      told: await seam.store.observe(resource, seen, signal),
    }))
    return { watching: true }
  })
  step('evict', async (call, { resource, token, reason }) => {
    allowedIn(namespace, 'operate')(call, resource)
    const outcome = await seam.store.evict(resource, BigInt(token), reason)
    if (outcome === 'evicted') streams.hint(resource)
    return { outcome }
  })
}

function stepOf(app: App, bodyBytesMax: number) {
  return <Step extends keyof SeamSchemas>(
    name: Step,
    answer: (call: Call, body: Body<Step>) => Promise<object>,
  ): void => {
    app.post(`/v1/seam/${name}`, async (call) => {
      const schema: unknown = seamSchemas[name]
      const body = parsed(schema as ZodType<Body<Step>>, await plainJsonOf(call, bodyBytesMax))
      return call.json(await answer(call, body))
    })
  }
}

function checkScope(call: Call, scope: Scope): void {
  const caller = call.get('caller')
  allow(caller, scope, caller.prefix)
}

/** A caller that is bound to a prefix has the names under it in the namespace of this server, and nothing elsewhere. */
function allowedIn(namespace: string, scope: Scope): (call: Call, resource: string) => void {
  return (call, resource) => {
    const caller = call.get('caller')
    if (resource === '' && caller.prefix === '') return allow(caller, scope, '')
    const [space = '', encoded = ''] = resource.split('!')
    // The reader of sequencers refuses what is not encoded as a store has it.
    const spelling = [space, encoded === '' ? 'name' : encoded].map((part) => part.replaceAll('%', '@'))
    const { namespace: named, name } = parseSequencer(`${spelling.join('/')}/exclusive/1`)
    if (caller.prefix !== '' && named !== namespace) throw new Misuse('the token is for another namespace')
    allow(caller, scope, encoded === '' ? '' : name)
  }
}

function refOf({ resource, id, token }: RefBody): Ref {
  return token === undefined ? { resource, id } : { resource, id, token: BigInt(token) }
}

function answerBody(answer: RenewAnswer, receivedMs: number): object {
  return 'kind' in answer
    ? standingBody(answer satisfies Standing, receivedMs)
    : { problem: problemOf(answer satisfies HoldfastError) }
}

/** When the request was received, on the clock of the stamps of stores. */
function receivedMsOf(call: Call): number {
  return systemClock.monotonicMs() - (performance.now() - call.get('receivedMs'))
}

function withoutUndefined<Body extends object>(
  body: Body,
): { readonly [Name in keyof Body]: Exclude<Body[Name], undefined> } {
  const there = Object.entries(body).filter(([, value]) => value !== undefined)
  return Object.fromEntries(there) as { readonly [Name in keyof Body]: Exclude<Body[Name], undefined> }
}
