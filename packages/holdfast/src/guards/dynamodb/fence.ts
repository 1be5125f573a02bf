/**
 * The guard for data in DynamoDB: the mark is an item of a table of marks, compared and raised in the same transaction as the
 * write; or an attribute of the item that is written, compared by its condition.
 */
import { Misuse, WaitTimeout } from '../../store/errors.ts'
import type { Fenced } from '../../lease/lease.ts'
import { MARK_WAIT_MS_DEFAULT, MARK_WAIT_MS_MAX } from '../../store/limits.ts'
import { type Clock, sleep, systemClock } from '../../time/clock.ts'
import { type Duration, durationMs } from '../../time/duration.ts'
import { type Admission, admissions, type GuardOptions } from '../admission.ts'
import { type DynamodbSender, type MarkItem, MarkRequests } from './client.ts'
import {
  fragmentsOf,
  type ItemFragments,
  type MarkNote,
  type MarkPart,
  partOf,
  readOf,
  tokenIn,
  updateOf,
} from './marks.ts'
import { metTransaction, refusedMark, unanswered } from './refusals.ts'

export interface DynamodbFenceOptions extends GuardOptions {
  /** The table of the marks, in the account and the region of the data: 3 to 255 letters, digits, or signs of `-_.`. @default 'holdfast-fence' */
  readonly table?: string
  /** How long a call stands aside for other transactions on the same items. 1ms – 1h. @default '10s' */
  readonly wait?: Duration
}

/** What `CreateTableCommand` of the AWS SDK takes. */
export interface FenceTable {
  readonly TableName: string
  readonly AttributeDefinitions: { AttributeName: string; AttributeType: 'S' }[]
  readonly KeySchema: { AttributeName: string; KeyType: 'HASH' }[]
  readonly BillingMode: 'PAY_PER_REQUEST'
}

export interface ItemFragmentOptions {
  /** The attribute, a number. @default 'fence' */
  readonly attribute?: string
}

/**
 * Every method takes a lease or an accepted sequencer and rejects with `StaleToken` when a newer token was seen, `LeaseLost`
 * when the lease is known to be lost, `Unsupported` for a permit, `Misuse` for anything else that cannot be fenced,
 * `WaitTimeout` when other transactions were on the same items for longer than `wait`, `OutcomeUnknown` when no answer came.
 * What DynamoDB refuses otherwise, as a condition of your own, passes through as it is.
 */
export interface DynamodbFence {
  /**
   * Raises the mark. Call it **before the first read** whose result is written back later, and read with `ConsistentRead`;
   * without it a late write of the last holder slips in between. A shared lease checks and does not raise.
   */
  enter(lease: Fenced): Promise<void>
  /**
   * One transaction of the mark and of up to 99 `TransactItems` of yours (`Put`, `Update`, `Delete`, `ConditionCheck`, with
   * attributes as `@aws-sdk/client-dynamodb` takes them). A refused token leaves no trace. It is written once, however often
   * the SDK sends it within ten minutes.
   */
  run(lease: Fenced, items: readonly object[]): Promise<void>
  /** Looks without raising, to spare useless work early. A check followed by a write guards nothing. */
  check(lease: Fenced): Promise<void>
  /** For a `TransactWriteItemsCommand` of your own: the part that comes first. */
  mark(lease: Fenced): MarkPart
  /**
   * Fragments for an attribute in the item itself, without the table of marks. A condition that fails means that the token is
   * stale, or that a condition of your own does not hold. Entering is then an update that only sets the attribute.
   */
  row(lease: Fenced, options?: ItemFragmentOptions): ItemFragments
}

const TABLE_DEFAULT = 'holdfast-fence'
const TABLE = /^[A-Za-z0-9_.-]{3,255}$/
const ITEMS_MAX = 99
/** How long a call that met another transaction stays away, doubled each time, as far as that goes. */
const ASIDE_MS = { min: 10, max: 300 } as const

/** Below the guard and the ledger. */
export class FencedItems {
  readonly table: string
  readonly admit: (holder: Fenced) => Admission
  readonly #requests: MarkRequests
  readonly #waitMs: number
  readonly #clock: Clock

  constructor(client: DynamodbSender, options: DynamodbFenceOptions) {
    this.#requests = new MarkRequests(client)
    this.table = tableNameOf(options)
    this.admit = admissions(options, 'dynamodb')
    this.#waitMs = durationMs('wait', options.wait ?? MARK_WAIT_MS_DEFAULT, { minMs: 1, maxMs: MARK_WAIT_MS_MAX })
    this.#clock = options.clock ?? systemClock
  }

  /** Resolves with the item as it is now. */
  async raise(admission: Admission, note?: MarkNote): Promise<MarkItem> {
    const input = { ...updateOf(this.table, admission, note), ReturnValues: 'ALL_NEW' }
    const answer = await this.#passed(admission, () => this.#requests.send('UpdateItemCommand', input))
    return (answer as { readonly Attributes?: MarkItem }).Attributes ?? {}
  }

  async compare(admission: Admission): Promise<MarkItem | undefined> {
    const item = await this.read(admission.resource)
    const needed = tokenIn(item)
    if (needed > admission.token) throw admission.stale(needed)
    return item
  }

  async read(resource: string): Promise<MarkItem | undefined> {
    try {
      const answer = await this.#requests.send('GetItemCommand', readOf(this.table, resource))
      return (answer as { readonly Item?: MarkItem }).Item
    } catch (error) {
      throw unanswered(error, resource, this.table)
    }
  }

  async transact(admission: Admission, items: readonly object[]): Promise<void> {
    const input = {
      TransactItems: [partOf(this.table, admission), ...items],
      // What has been written under it is not written again, and answered as the first time.
      ClientRequestToken: crypto.randomUUID(),
    }
    await this.#passed(admission, () => this.#requests.send('TransactWriteItemsCommand', input))
  }

  /** A transaction on the same items is over in a moment: whoever met one stands aside and asks again. */
  async #passed(admission: Admission, ask: () => Promise<unknown>): Promise<unknown> {
    const endsAtMs = this.#clock.monotonicMs() + this.#waitMs
    for (let asideMs: number = ASIDE_MS.min; ; asideMs = Math.min(2 * asideMs, ASIDE_MS.max)) {
      try {
        return await ask()
      } catch (error) {
        const refused = refusedMark(error)
        if (refused !== undefined) throw admission.stale(tokenIn(refused.mark))
        if (!metTransaction(error)) throw unanswered(error, admission.resource, this.table)
        if (this.#clock.monotonicMs() + asideMs > endsAtMs) throw this.#timeout(admission, error)
        await sleep(this.#clock, asideMs * Math.random())
      }
    }
  }

  #timeout({ resource }: Admission, cause: unknown): WaitTimeout {
    const waitedMs = this.#waitMs
    return new WaitTimeout(
      `${resource}: other transactions were on the same items for ${waitedMs} ms (wait). Nothing was written`,
      { resource, waitedMs, cause },
    )
  }
}

/** A guard over a client of the caller; it is never closed here. Sends nothing yet. */
export function fence(client: DynamodbSender, options: DynamodbFenceOptions = {}): DynamodbFence {
  const items = new FencedItems(client, options)
  const { admit } = items
  return {
    async enter(lease) {
      const admission = admit(lease)
      await (admission.raises ? items.raise(admission) : items.compare(admission))
    },
    async check(lease) {
      await items.compare(admit(lease))
    },
    async run(lease, work) {
      if (!Array.isArray(work) || work.length > ITEMS_MAX) {
        throw new Misuse(`run takes a list of TransactItems, at most ${ITEMS_MAX}: the mark is one of a hundred`)
      }
      await items.transact(admit(lease), work)
    },
    mark: (lease) => partOf(items.table, admit(lease)),
    row: (lease, { attribute = 'fence' } = {}) => fragmentsOf(admit(lease), attribute),
  }
}

/** The table of the marks as what `CreateTableCommand` of the AWS SDK takes. */
export function fenceTable(options: Pick<DynamodbFenceOptions, 'table'> = {}): FenceTable {
  return {
    TableName: tableNameOf(options),
    AttributeDefinitions: [{ AttributeName: 'resource', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'resource', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
  }
}

function tableNameOf({ table = TABLE_DEFAULT }: Pick<DynamodbFenceOptions, 'table'>): string {
  if (typeof table === 'string' && TABLE.test(table)) return table
  throw new Misuse('the table of marks must be 3 to 255 letters, digits, or signs of -_.')
}
