/** Sessions over HTTP: one heartbeat for all that a program holds. */
import { type App, type Call, jsonOf } from './call.ts'
import { allow } from './gate.ts'
import type { Loans } from './loans.ts'
import type { RoutesOptions } from './routes.ts'
import { parsed, sessionSchemas } from './messages.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'

/** The share of its life after which a session should send a beat. */
const BEAT_SHARE = 1 / 3

export function addSessionRoutes(app: App, sessions: Sessions, { loans, audit }: RoutesOptions): void {
  app.post('/v1/sessions', async (call) => {
    checkScope(call)
    const { id, lifeMs } = parsed(sessionSchemas.open, await jsonOf(call))
    return beaten(call, sessions.open(id, lifeMs), loans)
  })
  app.post('/v1/sessions/beat', async (call) => {
    checkScope(call)
    const { id } = parsed(sessionSchemas.beat, await jsonOf(call))
    return beaten(call, sessions.of(id), loans)
  })
  app.post('/v1/sessions/end', async (call) => {
    checkScope(call)
    const { id } = parsed(sessionSchemas.end, await jsonOf(call))
    if (await sessions.end(id)) audit.note('session_ended', call.get('caller'))
    return call.json({ outcome: 'ended' })
  })
}

/** Each lock is asked for by name, and its name is checked then. */
function checkScope(call: Call): void {
  const caller = call.get('caller')
  allow(caller, 'lock', caller.prefix)
}

function beaten(call: Call, session: Session, loans: Loans): Response {
  const receivedMs = call.get('receivedMs')
  if (!loans.isDraining) session.prolong(receivedMs)
  return call.json({
    believeMs: session.believeMs(receivedMs),
    beatAfterMs: Math.floor(session.lifeMs * BEAT_SHARE),
    closing: loans.isDraining,
    claims: session.leases(receivedMs),
  })
}
