/**
 * Tokens are a base and the number of a transaction of ZooKeeper, which only rises. The base is the time at which the first
 * program opened the root, so a ZooKeeper that was made anew gives higher tokens; after a backup it has to be raised.
 */
import { scaleUs } from '../../line/token-scale.ts'
import { NotApplied, StoreUnavailable } from '../../store/errors.ts'
import type { TokenScaleView } from '../../store/store.ts'
import { CODE, ServerRefusal } from '../zookeeper-driver/failures.ts'
import { isWhole, type MultiPart } from '../zookeeper-driver/requests.ts'
import type { ZookeeperClient } from '../zookeeper-driver/client.ts'
import { BASE_PATH, CLOCK_PATH, linePath, LINES_PATH } from './paths.ts'

/** So many lines fit into one transaction. Those without claims go away after a minute. */
const LINES_MAX = 1_000
const NOTHING = new Uint8Array()

export class TransactionBase {
  readonly #client: ZookeeperClient
  /** Compared in every enter. */
  version = 0
  value = 0n

  constructor(client: ZookeeperClient) {
    this.#client = client
  }

  /** Makes it where there is none. */
  async load(): Promise<void> {
    const tree = await this.#client.home()
    const nowUs = scaleUs(this.#client.environment.clock.wallMs(), Number.MAX_SAFE_INTEGER)
    const made = tree.create(BASE_PATH, 'persistent', Buffer.from(String(nowUs))).catch((error: unknown) => {
      if (!(error instanceof ServerRefusal) || error.code !== CODE.nodeExists) throw error
    })
    const read = Promise.all([made, tree.sync(BASE_PATH), tree.getData(BASE_PATH)])
    const [, , { data, stat }] = await this.#client.call('reading the base of the tokens', read)
    if (!/^-?\d{1,19}$/.test(String(data))) {
      throw new StoreUnavailable(`the node "${BASE_PATH}" is no base of tokens: choose another root`, { isFinal: true })
    }
    this.value = BigInt(String(data))
    this.version = stat.version
  }

  /** Moves it so that the next tokens come behind `to`; down only while no claim stands in any line. */
  async rebase(to: bigint | undefined): Promise<TokenScaleView> {
    const tree = await this.#client.home()
    await this.load()
    const { changedAt } = await this.#client.call('reading the newest transaction', tree.setData(CLOCK_PATH, NOTHING))
    const before = { highest: this.value + changedAt }
    if (to === undefined) return before
    const data = Buffer.from(String(to - changedAt))
    const checks = to < before.highest ? await this.#emptyLines() : []
    const move: MultiPart = { kind: 'setData', path: BASE_PATH, data, version: this.version }
    const results = await this.#client.call('moving the base of the tokens', tree.multi([...checks, move]))
    if (!isWhole(results)) throw new NotApplied('a line was made, or the base of the tokens moved, in the same moment')
    await this.load()
    return before
  }

  /** What is true only as long as nobody has entered any line since it was seen empty, nor made another one. */
  async #emptyLines(): Promise<readonly MultiPart[]> {
    const tree = await this.#client.home()
    const asked = Promise.all([tree.sync(LINES_PATH), tree.exists(LINES_PATH), tree.getChildren(LINES_PATH)])
    const [, lines, { names }] = await this.#client.call('looking at the lines', asked)
    if (names.length > LINES_MAX) {
      throw new StoreUnavailable(
        `this ZooKeeper has ${names.length} lines, and at most ${LINES_MAX} can be looked at: those without claims go away within two minutes`,
      )
    }
    const found = names.map(async (name) => ({ path: linePath(name), stat: await tree.exists(linePath(name)) }))
    const stats = await this.#client.call('looking at the lines', Promise.all(found))
    if (stats.some(({ stat }) => (stat?.childCount ?? 0) > 0)) {
      throw new StoreUnavailable(
        'this ZooKeeper is in use: claims stand in its lines. Tokens go down only while none does',
      )
    }
    return [
      { kind: 'check', path: LINES_PATH, version: lines?.version ?? 0 },
      ...stats.flatMap(({ path, stat }) =>
        stat === undefined ? [] : [{ kind: 'check', path, version: stat.version } as const],
      ),
    ]
  }
}
