/** What readers ask for: lines as they change, what happened to one, and what the store promises. */
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { type Facts, Misuse } from 'holdfast'
import { type App, type Call, allowed, allowedName, goneOf } from './call.ts'
import { EventStream } from './event-stream.ts'
import { allow } from './gate.ts'
import { LinePicture } from './line-picture.ts'
import { claimsOfOwner } from './owner-claims.ts'
import { streamLines } from './line-stream.ts'
import { streamPicture } from './picture-stream.ts'
import { Refusal } from './refusal.ts'
import type { RoutesOptions } from './routes.ts'

const OBSERVED_MAX = 100
const STREAMS_MAX = 50
const FACTS_CHANGES_MAX = 100

interface FactsChange {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly before: Facts
}

export function addReaderRoutes(app: App, options: RoutesOptions): void {
  const { locks, namespace, loans, instance } = options
  const picture = new LinePicture(locks)
  loans.draining.addEventListener('abort', () => picture.stop())
  addStream(app, options, picture)
  app.get('/v1/locks/:name/history', (call) => {
    const name = allowedName(call, 'read')
    return call.json({ namespace, name, changes: picture.history.of(name) })
  })
  app.get('/v1/claims', (call) => {
    const { owner = '', prefix = '' } = call.req.query()
    allow(call.get('caller'), 'read', prefix)
    if (owner === '') throw new Misuse('say whose claims: ?owner=PROCESS, or a host for all of its processes')
    const { isComplete } = picture.state
    return call.json({ namespace, owner, isComplete, ...claimsOfOwner(picture.lines.values(), owner, prefix) })
  })
  const openedAt = Date.now()
  const changes: FactsChange[] = []
  const stop = locks.on('facts', ({ before }) => {
    changes.push({ at: Date.now(), before })
    changes.splice(0, changes.length - FACTS_CHANGES_MAX)
  })
  loans.draining.addEventListener('abort', stop)
  app.get('/v1/store', async (call) => {
    const caller = call.get('caller')
    allow(caller, 'read', caller.prefix)
    const may = { scopes: [...caller.scopes], prefix: caller.prefix }
    return call.json({ namespace, instance, openedAt, facts: await locks.open(), changes, may })
  })
}

function addStream(app: App, options: RoutesOptions, picture: LinePicture): void {
  const { locks, namespace, loans, instance, readerSilenceMs } = options
  let streams = 0
  app.get('/v1/observe', (call) => {
    const names = (call.req.queries('name') ?? []).map((name) => allowed(call, 'read', name))
    const prefix = call.req.query('prefix')
    if (names.length > OBSERVED_MAX || names.length > 0 === (prefix !== undefined)) {
      throw new Misuse(`name the locks to observe: ?name=…&name=…, 1 to ${OBSERVED_MAX} of them, or ?prefix=…`)
    }
    if (prefix !== undefined) allow(call.get('caller'), 'read', prefix)
    if (streams >= STREAMS_MAX) throw new Refusal('LIMITED', `this server has ${STREAMS_MAX} readers already`)
    streams += 1
    const ends = AbortSignal.any([goneOf(call), loans.draining])
    const { outgoing } = call.env
    outgoing.once('close', () => (streams -= 1))
    const reader = { outgoing, silenceMs: readerSilenceMs }
    if (prefix === undefined) {
      void streamLines({ locks, namespace, names, stream: new EventStream(reader), ends })
    } else {
      const stream = new EventStream({ ...reader, place: () => `${instance}.${picture.change}` })
      streamPicture({ picture, prefix, stream, since: placeOf(call, instance), ends })
    }
    return RESPONSE_ALREADY_SENT
  })
}

/** The numbers of another server, or of this one before it started anew, say nothing here. */
function placeOf(call: Call, instance: string): number | undefined {
  const [, from, change] = /^([0-9a-f]{8})\.(\d{1,15})$/.exec(call.req.header('last-event-id') ?? '') ?? []
  return from === instance ? Number(change) : undefined
}
