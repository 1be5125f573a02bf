/**
 * Tokens are a base and the revision of etcd, which only rises. The base is the time at which the first program opened the
 * prefix, so an etcd that was made anew gives higher tokens; after a backup was restored it has to be raised.
 */
import { NotApplied, StoreUnavailable } from '../../store/errors.ts'
import type { TokenScaleView } from '../../store/store.ts'
import type { Clock } from '../../time/clock.ts'
import { scaleUs } from '../../line/token-scale.ts'
import type { EtcdChannel } from '../etcd-driver/channel.ts'
import { txnMethod } from '../etcd-driver/messages.ts'
import type { EtcdKeys } from './keys.ts'
import { either, foundIn, isCreatedAt, isEmpty, isModifiedAt, read, write } from '../etcd-driver/requests.ts'

export class TokenBase {
  readonly #channel: EtcdChannel
  readonly #clock: Clock
  readonly #key: string
  readonly #lines: string
  /** Compared in every enter. */
  modRevision = 0n
  value = 0n

  constructor(channel: EtcdChannel, clock: Clock, keys: EtcdKeys) {
    this.#channel = channel
    this.#clock = clock
    this.#key = keys.base
    this.#lines = keys.lines('')
  }

  /** Makes it where there is none. Returns the revision of etcd. */
  async load(): Promise<bigint> {
    const nowUs = scaleUs(this.#clock.wallMs(), Number.MAX_SAFE_INTEGER)
    const make = either([isCreatedAt(this.#key, 0n)], [write(this.#key, String(nowUs), 0n)], [read(this.#key)])
    const { succeeded, responses, header } = await this.#channel.call(txnMethod, make, 'reading the base of the tokens')
    const revision = header?.revision ?? 0n
    const [found] = foundIn(responses[0])
    this.modRevision = succeeded ? revision : (found?.modRevision ?? 0n)
    this.value = succeeded ? nowUs : BigInt(found?.value ?? 0)
    return revision
  }

  /** Moves it so that the next tokens come behind `to`; down only while no claim stands in any line. */
  async rebase(to: bigint | undefined): Promise<TokenScaleView> {
    const revision = await this.load()
    const before = { highest: this.value + revision }
    if (to === undefined) return before
    const isDown = to < before.highest
    const compare = [isModifiedAt(this.#key, this.modRevision), ...(isDown ? [isEmpty(this.#lines)] : [])]
    const move = either(compare, [write(this.#key, String(to - revision), 0n)], [read(this.#key)])
    const { succeeded, responses } = await this.#channel.call(txnMethod, move, 'moving the base of the tokens')
    if (!succeeded && foundIn(responses[0])[0]?.modRevision === this.modRevision) {
      throw new StoreUnavailable('this etcd is in use: claims stand in its lines. Tokens go down only while none does')
    }
    if (!succeeded) throw new NotApplied('another program moved the base of the tokens in the same moment')
    await this.load()
    return before
  }
}
