/** The interface over HTTP: what each path does with its request. */
import { createRequire } from 'node:module'
import { type Locks, parseSequencer, StaleToken } from 'holdfast'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { type App, type Call, allowedName, answerOf, goneOf, jsonOf, tooLarge } from './call.ts'
import type { Audit } from './audit.ts'
import { allow, type Gate } from './gate.ts'
import { lineDocument } from './line-document.ts'
import type { Loan } from './loan.ts'
import type { Loans } from './loans.ts'
import { LineWaits, preferredWaitMs } from './line-wait.ts'
import { parsed, POLL_MS_MAX, renewalsSchema, schemas } from './messages.ts'
import { openApi } from './open-api.ts'
import { problemOf } from './problem.ts'
import { Rate } from './rate.ts'
import { addPageRoutes } from './page-routes.ts'
import { addReaderRoutes } from './reader-routes.ts'
import { Refusal } from './refusal.ts'
import { addSeamRoutes } from './seam-routes.ts'
import type { Seam } from './seam.ts'
import { addSessionRoutes } from './session-routes.ts'
import { Sessions } from './sessions.ts'

export interface RoutesOptions {
  readonly locks: Locks
  readonly namespace: string
  readonly loans: Loans
  readonly gate: Gate
  readonly audit: Audit
  /** Whether there is a page for people. */
  readonly dashboard: boolean
  /** Tells this run of this server from every other one. */
  readonly instance: string
  /** A reader of events that takes nothing for so long is let go. */
  readonly readerSilenceMs: number
  /** Carries the calls of programs with a client of their own. */
  readonly seam: Seam | undefined
}

const { version } = createRequire(import.meta.url)('../package.json') as { readonly version: string }
const BODY_BYTES_MAX = 256 * 1024
const LIST_MAX = 1_000
/** A program with a client of its own asks for every lock that it takes. */
const SEAM_RATE = { burst: 10_000, perSecond: 5_000 } as const
/** Refused for who asks, and not for what. */
const ACCESS_CODES: ReadonlySet<string> = new Set(['UNAUTHENTICATED', 'FORBIDDEN', 'WRONG_HOST'])
/** The share of the ttl after which a program should renew. */
const RENEW_SHARE = 1 / 3

export function routes(options: RoutesOptions): App {
  const app: App = new Hono()
  app.use(async (call, next) => {
    // Counted from before the body is read: later would promise more than is sure, and earlier is not known.
    call.set('receivedMs', performance.now())
    call.header('Cache-Control', 'no-store')
    call.header('Holdfast-Instance', options.instance)
    options.gate.checkOrigin((name) => call.req.header(name))
    await next()
    // A connection that is kept would hold up the end of this server.
    if (options.loans.isDraining) call.header('Connection', 'close')
  })
  const limited = bodyLimit({
    maxSize: BODY_BYTES_MAX,
    onError() {
      throw tooLarge(BODY_BYTES_MAX)
    },
  })
  // The seam counts for itself.
  app.use(async (call, next) => (isOfSeam(call) ? await next() : await limited(call, next)))
  addHealth(app, options)
  if (options.dashboard) addPageRoutes(app)
  const [rate, seamRate] = [new Rate(), new Rate(SEAM_RATE)]
  app.use('/v1/*', async (call, next) => {
    const caller = options.gate.caller(call.req.header('authorization'))
    call.set('caller', caller)
    // A limit must not cost a lease.
    if (!/\/(?:renew|release|beat|end|leave|unwatch)$/.test(call.req.path)) {
      const limit = isOfSeam(call) ? seamRate : rate
      limit.count(caller, performance.now())
    }
    await next()
  })
  const sessions = new Sessions(options.loans)
  addLending(app, options, sessions)
  addSessionRoutes(app, sessions, options)
  addLooks(app, options)
  addReaderRoutes(app, options)
  if (options.seam !== undefined) addSeamRoutes(app, { ...options, seam: options.seam, bodyBytesMax: BODY_BYTES_MAX })
  app.notFound((call) => answerOf(call, new Refusal('NOT_FOUND', 'there is no such path: see /openapi.json')))
  app.onError((error, call) => {
    if (error instanceof Refusal && ACCESS_CODES.has(error.code)) options.audit.refused(call.get('caller'), error.code)
    return answerOf(call, error)
  })
  return app
}

function isOfSeam(call: Call): boolean {
  return call.req.path.startsWith('/v1/seam/')
}

function addHealth(app: App, { locks, loans, gate, instance }: RoutesOptions): void {
  app.get('/livez', (call) => call.json({ alive: true }))
  app.get('/readyz', async (call) => {
    const isOpen = await locks.open().then(
      () => true,
      () => false,
    )
    const isReady = isOpen && !loans.isDraining
    return call.json({ store: isOpen ? 'ok' : 'away', draining: loans.isDraining }, isReady ? 200 : 503)
  })
  app.get('/version', (call) => {
    const caller = gate.caller(call.req.header('authorization'))
    allow(caller, 'read', caller.prefix)
    return call.json({ name: 'holdfast', version, interface: 'v1', instance })
  })
  app.get('/openapi.json', (call) => call.json(openApi()))
}

function addLending(app: App, { loans, audit }: RoutesOptions, sessions: Sessions): void {
  app.post('/v1/locks/:name/acquire', async (call) => {
    const name = allowedName(call, 'lock')
    const body = parsed(schemas.acquire, await jsonOf(call))
    const startedMs = performance.now()
    const session = body.session === undefined ? undefined : sessions.of(body.session)
    const receivedMs = call.get('receivedMs')
    // To ask is a sign of life, too.
    if (!loans.isDraining) session?.prolong(receivedMs)
    const loan = await loans.acquire({ name, body, session }, goneOf(call), receivedMs)
    const { tokenText: token } = loan.lease
    if (loan.isUntold()) audit.note('acquired', call.get('caller'), { name, token })
    return granted(call, loan, { waitedMs: Math.round(performance.now() - startedMs) })
  })
  app.post('/v1/locks/:name/renew', async (call) => {
    const name = allowedName(call, 'lock')
    const { id, token, note } = parsed(schemas.renew, await jsonOf(call))
    const loan = loans.renew(id, name, token, call.get('receivedMs'))
    if (note !== undefined) loan.lease.setNote(note)
    return granted(call, loan, { closing: loans.isDraining })
  })
  app.post('/v1/renew', async (call) => {
    const { claims } = parsed(renewalsSchema, await jsonOf(call))
    const caller = call.get('caller')
    const renewed = claims.map(({ name, id, token, note }) => {
      try {
        allow(caller, 'lock', name)
        const loan = loans.renew(id, name, token, call.get('receivedMs'))
        if (note !== undefined) loan.lease.setNote(note)
        return { name, ...standingOf(loan, call) }
      } catch (error) {
        return { name, problem: problemOf(error) }
      }
    })
    return call.json({ claims: renewed, closing: loans.isDraining })
  })
  app.post('/v1/locks/:name/release', async (call) => {
    const name = allowedName(call, 'lock')
    const { id } = parsed(schemas.release, await jsonOf(call))
    const outcome = await loans.release(id, name)
    return call.json({ outcome }, outcome === 'unknown' ? 504 : 200)
  })
}

function addLooks(app: App, { locks, namespace, audit, loans }: RoutesOptions): void {
  const waits = new LineWaits(locks, loans.draining)
  app.get('/v1/locks/:name', async (call) => {
    const name = allowedName(call, 'read')
    const known = call.req.header('if-none-match')
    const waitMs = known === undefined ? 0 : preferredWaitMs(call.req.header('prefer'), POLL_MS_MAX)
    const { line, tag, isKnown } = await waits.look({ name, known, waitMs, gone: goneOf(call) })
    call.header('ETag', tag)
    return isKnown ? call.body(null, 304) : call.json(lineDocument(namespace, name, line))
  })
  app.get('/v1/locks', async (call) => {
    const { prefix = '', cursor, limit = '100' } = call.req.query()
    allow(call.get('caller'), 'read', prefix)
    const page = await locks.list({ prefix, limit: Math.min(Number(limit), LIST_MAX), ...(cursor && { cursor }) })
    return call.json(page)
  })
  app.post('/v1/locks/:name/evict', async (call) => {
    const name = allowedName(call, 'operate')
    const { token, reason } = parsed(schemas.evict, await jsonOf(call))
    const caller = call.get('caller')
    audit.require('evict', caller, { name, token, reason })
    const outcome = await locks.evict(name, { token: BigInt(token), reason })
    audit.note(outcome === 'gone' ? 'not_evicted' : 'evicted', caller, { name, token })
    if (outcome === 'gone') throw await stale(locks, name, BigInt(token))
    return call.json({ outcome })
  })
  app.get('/v1/check', async (call) => {
    const sequencer = call.req.query('sequencer') ?? ''
    const { name, token } = parseSequencer(sequencer)
    allow(call.get('caller'), 'read', name)
    if ((await locks.check(sequencer)) === 'gone') throw await stale(locks, name, token)
    return call.json({ live: true })
  })
}

function granted(call: Call, loan: Loan, more: Readonly<Record<string, unknown>>): Response {
  const { tokenText, sequencer } = loan.lease
  call.header('Fencing-Token', tokenText)
  call.header('Holdfast-Sequencer', sequencer)
  return call.json({ ...standingOf(loan, call), ...more })
}

function standingOf(loan: Loan, call: Call): Readonly<Record<string, unknown>> {
  const { tokenText, sequencer } = loan.lease
  const believeMs = loan.believeMs(call.get('receivedMs'))
  const renewAfterMs = Math.floor(loan.ttlMs * RENEW_SHARE)
  return { standing: 'held', token: tokenText, sequencer, believeMs, renewAfterMs }
}

async function stale(locks: Locks, name: string, held: bigint): Promise<StaleToken> {
  const { lastToken } = await locks.inspect(name)
  return new StaleToken(`token ${held} does not hold "${name}" now`, { resource: name, held, needed: lastToken })
}
