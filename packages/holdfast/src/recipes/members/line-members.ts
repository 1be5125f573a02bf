/** A list of members on one line of claims without weight: they never wait for one another, and each ends by its own ttl. */
import type { LockClient } from '../../client/client.ts'
import { observe, type ObserveOptions } from '../../client/observe.ts'
import { acquireSettings, checkKeys } from '../../client/options.ts'
import { lookAt } from '../../client/query.ts'
import { boundedText } from '../../store/bounded-text.ts'
import { Misuse } from '../../store/errors.ts'
import { NAME_BYTES_MAX } from '../../store/limits.ts'
import type { LineView } from '../../store/line-view.ts'
import { type MembershipPlan, joined, type MemberLines, newMemberId } from './line-membership.ts'
import { membersOf, METADATA_BYTES_MAX } from './member-note.ts'
import type { JoinOptions, Member, Members, Membership } from './members.ts'

const WAIT_MS_MIN = 30_000
const OPTIONS = ['id', 'metadata', 'ttl', 'wait', 'signal']

export class LineMembers implements Members {
  readonly #client: LockClient
  readonly #list: MemberLines

  constructor(client: LockClient, list: MemberLines) {
    this.#client = client
    this.#list = list
  }

  async join(options: JoinOptions = {}): Promise<Membership> {
    checkKeys(options, OPTIONS)
    return await joined(this.#client, this.#list, joinPlan(this.#client, options, ''))
  }

  async list(): Promise<readonly Member[]> {
    return presentIn(await lookAt(this.#client, this.#list.name))
  }

  async *observe(options: ObserveOptions = {}): AsyncGenerator<readonly Member[], void, undefined> {
    let last: string | undefined
    for await (const view of observe(this.#client, this.#list.name, options)) {
      const present = presentIn(view)
      const text = JSON.stringify(present)
      if (text !== last) yield present
      last = text
    }
  }
}

/** Checked before any I/O. */
export function joinPlan(client: LockClient, options: JoinOptions, traits: string): MembershipPlan {
  const { id, metadata = '', ttl, wait, signal } = options
  const call = { ...(ttl !== undefined && { ttl }), ...(wait !== undefined && { wait }), ...(signal && { signal }) }
  const settings = acquireSettings(call, client.defaults)
  const isShared = id !== undefined
  return {
    id: isShared ? memberId(id) : newMemberId(),
    isShared,
    traits,
    metadata: boundedText('metadata', metadata, METADATA_BYTES_MAX),
    settings,
    waitMs: wait === undefined ? Math.max(WAIT_MS_MIN, settings.ttlMs * 2) : settings.waitMs,
    signal,
  }
}

function memberId(id: string): string {
  const text = boundedText('id', id, NAME_BYTES_MAX)
  if (text === '' || /[\n\r]/.test(text)) throw new Misuse('id must not be empty, and be one line')
  return text
}

function presentIn(view: LineView): readonly Member[] {
  const held = membersOf(view).filter(({ state }) => state === 'held')
  return held.map(({ id, owner, metadata }) => ({ id, owner, metadata }))
}
