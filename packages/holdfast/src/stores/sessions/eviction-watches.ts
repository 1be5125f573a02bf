/** One watch a session for the marks of evictions, and one reading for all holders that begin to listen in one moment. */
import type { Ref } from '../../store/claim.ts'
import type { EngineSession, SessionEngine } from './engine.ts'
import { nameOf } from './session-claims.ts'

const NO_MARKS: ReadonlyMap<string, string> = new Map()

type EvictionListener = (reason: string) => void

interface SessionListeners {
  readonly byName: Map<string, Set<EvictionListener>>
  stop: () => void
  isReading: boolean
  /** There may be marks that the reading under way does not see. */
  isStale: boolean
}

export class EvictionWatches<Session extends EngineSession> {
  readonly #engine: SessionEngine<Session>
  readonly #bySession = new Map<Session, SessionListeners>()

  constructor(engine: SessionEngine<Session>) {
    this.#engine = engine
  }

  /** Tells of marks that are there already, too. Returns what ends it. */
  listen(session: Session, ref: Ref, told: EvictionListener): () => void {
    const known = this.#bySession.get(session)
    const listeners = known ?? noListeners()
    const name = nameOf(ref)
    const own = listeners.byName.get(name) ?? new Set()
    listeners.byName.set(name, own.add(told))
    if (known === undefined) {
      this.#bySession.set(session, listeners)
      this.#watch(session, listeners)
    } else this.#read(session, listeners)
    return () => {
      own.delete(told)
      if (own.size === 0) listeners.byName.delete(name)
      if (listeners.byName.size > 0 || this.#bySession.get(session) !== listeners) return
      this.#bySession.delete(session)
      listeners.stop()
    }
  }

  #watch(session: Session, listeners: SessionListeners): void {
    listeners.stop = this.#engine.watchMarks(session, (change) => {
      if (this.#bySession.get(session) !== listeners) return
      if (change === 'lost') this.#watch(session, listeners)
      else this.#read(session, listeners)
    })
  }

  #read(session: Session, listeners: SessionListeners): void {
    if (listeners.isReading) {
      listeners.isStale = true
      return
    }
    void this.#readMarks(session, listeners)
  }

  async #readMarks(session: Session, listeners: SessionListeners): Promise<void> {
    listeners.isReading = true
    do {
      listeners.isStale = false
      // Marks that cannot be read now are read by the next renewal.
      const marks = await this.#engine.beat(session, false).catch(() => NO_MARKS)
      for (const [name, reason] of marks) for (const told of listeners.byName.get(name) ?? []) told(reason)
    } while (listeners.isStale && this.#bySession.get(session) === listeners)
    listeners.isReading = false
  }
}

function noListeners(): SessionListeners {
  return { byName: new Map(), stop: () => undefined, isReading: false, isStale: false }
}
