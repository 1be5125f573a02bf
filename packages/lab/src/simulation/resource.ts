/**
 * What the locks protect: named lists in a database, behind the shipped SQLite guard. A write sends the whole new list,
 * so an update based on an old read overwrites a newer one. It logs what it admits, in its own order.
 */
import { DatabaseSync } from 'node:sqlite'
import { fence, type SqliteFence } from 'holdfast/guards/sqlite'
import { acceptSequencer, type Clock } from 'holdfast'
import type { HistoryWriter } from './history-writer.ts'

export interface Version {
  readonly number: number
  readonly elements: readonly string[]
}

const NAME = 'table'
/** The one that a client has by default. */
const NAMESPACE = 'default'

export class GuardedLists {
  /** The time of the network and of this database. */
  readonly clock: Clock
  readonly #database = new DatabaseSync(':memory:')
  readonly #fence: SqliteFence<DatabaseSync>
  readonly #writer: HistoryWriter
  readonly #lists = new Map<string, Version>()
  #commits = 0

  constructor(clock: Clock, writer: HistoryWriter) {
    this.clock = clock
    this.#fence = fence(this.#database, { clock })
    this.#writer = writer
  }

  /** The mark, before the first read. */
  enter(list: string, sequencer: string): void {
    this.#fence.enter(acceptSequencer(sequencer, { namespace: NAMESPACE, name: list, mode: 'exclusive' }))
    this.#log(list, sequencer, 'enter', {})
  }

  /** Plain: nothing is checked, as in every program that reads before it writes. */
  read(list: string): Version {
    return this.#lists.get(list) ?? { number: 0, elements: [] }
  }

  checkedRead(list: string, sequencer: string): Version {
    return this.#fence.run(acceptSequencer(sequencer, { namespace: NAMESPACE, name: list, mode: 'shared' }), () => {
      this.#log(list, sequencer, 'read', {})
      return this.read(list)
    })
  }

  write(list: string, sequencer: string, base: Version, element: string): void {
    this.#fence.run(acceptSequencer(sequencer, { namespace: NAMESPACE, name: list, mode: 'exclusive' }), () => {
      const number = this.read(list).number + 1
      this.#lists.set(list, { number, elements: [...base.elements, element] })
      this.#log(list, sequencer, 'write', { base: base.number, version: number, element })
    })
  }

  /** The final values, for the judge. */
  close(): void {
    for (const [list, { elements }] of this.#lists) {
      this.#writer.moment(NAME, 'final', list, { elements: elements.join(',') })
    }
    this.#database.close()
  }

  #log(list: string, sequencer: string, kind: string, detail: Record<string, string | number>): void {
    const parts = sequencer.split('/')
    const raises = parts.includes('exclusive')
    this.#writer.moment(NAME, 'commit', list, {
      cseq: (this.#commits += 1),
      token: parts.at(-1) ?? '',
      kind,
      raises,
      ...detail,
    })
  }
}
