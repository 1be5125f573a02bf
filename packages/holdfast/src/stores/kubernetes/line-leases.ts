/** Lines as Leases of a namespace: each is read, and changed where its version is the one that was seen. */
import { StoreUnavailable } from '../../store/errors.ts'
import type { Clock } from '../../time/clock.ts'
import { leaseNameOf } from '../kubernetes-driver/lease-name.ts'
import { leaseOf, lineIn, recordIn, type ShownHolder, USED, versionOf } from '../kubernetes-driver/lease-object.ts'
import type { KubernetesLease, KubernetesRequests } from '../kubernetes-driver/requests.ts'
import { messageOf } from '../records/notice-text.ts'
import type { StoredText, SwapEngine } from '../records/swap-engine.ts'
import { decodeText, isIdleText } from '../records/swap-text.ts'

/** Of 200 Leases each. */
const PAGES_MAX = 100

type LineLeases = Pick<SwapEngine, 'read' | 'swap' | 'list'>

export function lineLeases(requests: KubernetesRequests, clock: Clock): LineLeases {
  const current = async (key: string, what: string): Promise<StoredText | undefined> => {
    const lease = await requests.get(leaseNameOf(key), what)
    return lease === undefined ? undefined : storedIn(lease, key)
  }
  return {
    async read(key) {
      return { stored: await current(key, 'reading a line') }
    },
    async swap(key, seen, text, notices) {
      const messages = notices.map(messageOf)
      const lease = leaseOf(key, {
        seen,
        text,
        isIdle: isIdleText(text),
        holder: holderIn(text),
        notices: messages.map((each) => [each.channel, each.text]),
        wallMs: clock.wallMs(),
      })
      const written = await (seen === undefined ? requests.create(lease) : requests.patch(leaseNameOf(key), lease))
      if (written !== undefined) return { version: storedIn(written, key).version }
      return { current: await current(key, 'changing a line') }
    },
    async list(prefix, after, limit) {
      const keys: string[] = []
      const pages = requests.pages(USED, PAGES_MAX, 'listing lines')
      let page = await pages.next()
      for (; page.done !== true; page = await pages.next())
        keys.push(...page.value.flatMap((each) => lineIn(each) ?? []))
      if (page.value === 'more') throw tooMany()
      const asked = keys.filter((key) => key.startsWith(prefix) && key > after)
      return asked.toSorted().slice(0, limit)
    },
  }
}

/** The first one that holds, for people to see. */
function holderIn(text: string): ShownHolder | undefined {
  try {
    const { record, beats } = decodeText(text, true)
    const index = record.line.claims.findIndex(({ state }) => state === 'held')
    const claim = record.line.claims[index]
    if (claim?.state !== 'held') return undefined
    const { owner, token, ttlMs } = claim
    return {
      identity: owner === '' ? 'holdfast' : owner,
      ttlMs,
      token: String(token),
      beat: String(beats[index]?.beat),
    }
  } catch {
    // The line is damaged, and refused where it is read.
    return undefined
  }
}

function storedIn(lease: KubernetesLease, key: string): StoredText {
  const text = recordIn(lease, key)
  if (text !== undefined) return { text, version: versionOf(lease, holderIn(text)) }
  const message = `Kubernetes: the Lease ${lease.metadata.name} of ${key} is damaged, or of another program`
  throw new StoreUnavailable(message, { isFinal: true })
}

function tooMany(): StoreUnavailable {
  const message = 'listing lines: the namespace has more than 20,000 that are in use. Keep some in another namespace'
  return new StoreUnavailable(message, { isFinal: true })
}
