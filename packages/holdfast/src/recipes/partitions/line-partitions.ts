/** A group that shares partitions, as a program has it: joins again after a loss, and says who owns what. */
import type { LockClient } from '../../client/client.ts'
import { Events } from '../../client/events.ts'
import { observe, type ObserveOptions } from '../../client/observe.ts'
import { lookAt } from '../../client/query.ts'
import { Misuse } from '../../store/errors.ts'
import type { LineView } from '../../store/line-view.ts'
import { assignmentOf, memberKey } from '../assignment/assignment-note.ts'
import { membersOf } from '../members/member-note.ts'
import { SafetyNotice } from '../safety-notice.ts'
import type { PartitionWork } from '../share/partition-share.ts'
import type { Assignment, PartitionEvents, PartitionGroup, PartitionsHealth, RunOptions } from './partitions.ts'
import { type GroupPlan, Stay } from './stay.ts'

export class LinePartitions implements PartitionGroup {
  readonly #client: LockClient
  readonly #plan: GroupPlan
  readonly #events: Events<PartitionEvents>
  readonly #notice = new SafetyNotice()
  #stay: Stay | undefined
  #running: Promise<void> | undefined

  constructor(client: LockClient, plan: GroupPlan) {
    this.#client = client
    this.#plan = plan
    this.#events = new Events('holdfast:partitions', ['assigned', 'revoked', 'lost', 'stuck'], (name, error) =>
      client.listenerThrew(name, error),
    )
  }

  async run(work: PartitionWork, { signal }: RunOptions = {}): Promise<void> {
    if (typeof work !== 'function') throw new Misuse('run() needs the work to do: run((partition) => …)')
    const { group } = this.#plan
    if (this.#running !== undefined) throw new Misuse(`"${group}": run() is at work already, once at a time`)
    this.#notice.tell(this.#client, `"${group}"`)
    this.#running = this.#run(work, signal)
    try {
      await this.#running
    } finally {
      this.#running = undefined
      this.#stay = undefined
    }
  }

  async restart(): Promise<void> {
    const { join, group } = this.#plan
    if (!join.isShared) throw new Misuse(`"${group}": restart() needs an id, by which the next process is known`)
    this.#stay?.restart()
    // What becomes of the work is told by `run`.
    await this.#running?.catch(() => undefined)
  }

  async assignment(): Promise<Assignment | null> {
    return await this.#named(await lookAt(this.#client, this.#plan.assignment))
  }

  async *observe(options: ObserveOptions = {}): AsyncGenerator<Assignment, void, undefined> {
    let last: bigint | undefined
    for await (const view of observe(this.#client, this.#plan.assignment, options)) {
      const assignment = await this.#named(view)
      if (assignment !== null && assignment.generation !== last) yield assignment
      last = assignment?.generation ?? last
    }
  }

  health(): PartitionsHealth {
    return this.#stay?.health() ?? { state: 'outside', owned: [], ready: false }
  }

  on<Name extends keyof PartitionEvents>(name: Name, listener: (event: PartitionEvents[Name]) => void): () => void {
    return this.#events.on(name, listener)
  }

  /** One stay after the other; a stay is over when everything is given back. */
  async #run(work: PartitionWork, signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      this.#stay = new Stay(this.#client, this.#plan, this.#events, work)
      const end = await this.#stay.run(signal)
      if (this.#client.isClosed) throw this.#client.closedError()
      if (end === 'left') return
    }
  }

  /** The line knows keys: which member each is of, the list of members says. */
  async #named(view: LineView): Promise<Assignment | null> {
    const assignment = assignmentOf(view)
    if (assignment === undefined) return null
    const { generation, owners } = assignment
    const members = membersOf(await lookAt(this.#client, this.#plan.members))
    const ids = new Map(members.map(({ id }) => [memberKey(id), id]))
    return { generation, owners: owners.map((owner) => (owner === null ? null : (ids.get(owner) ?? null))) }
  }
}
