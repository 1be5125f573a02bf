/** What `holdfast doctor` finds of servers that decide together: whether enough of them answer, and how they are reached. */
import type { Finding } from './doctor-report.ts'

const MEMBERS_OF_CONSENSUS = 3

export interface FoundMember {
  readonly address: string
  readonly failure?: string
  readonly isLeader?: boolean
}

/** Of the members in the URL: it should name them all. */
export function quorumFinding(members: readonly FoundMember[]): Finding {
  const away = members.filter(({ failure }) => failure !== undefined)
  const leader = members.find(({ isLeader }) => isLeader === true)
  const there = members.length - away.length
  const seen = `${there} of ${members.length} members answer; ${leader === undefined ? 'none of them leads' : `${leader.address} leads`}`
  const finding = { check: 'quorum', seen }
  if (there <= members.length / 2) {
    const advice = `No majority can be reached: ${away.map(({ address, failure }) => `${address}: ${failure}`).join('; ')}`
    return { ...finding, level: 'problem', advice }
  }
  if (away.length > 0) {
    const advice = `One more that fails may stop every lock. Away: ${away.map(({ address }) => address).join(', ')}`
    return { ...finding, level: 'note', advice }
  }
  if (leader === undefined) {
    return { ...finding, level: 'note', advice: 'Name all members in the URL, so that one that fails can be replaced.' }
  }
  if (members.length >= MEMBERS_OF_CONSENSUS) return { ...finding, level: 'ok' }
  const advice = `With fewer than ${MEMBERS_OF_CONSENSUS} members the loss of one stops every lock, or loses them.`
  return { ...finding, level: 'note', advice }
}

/** `what`: what every program that reaches the engine may do without a user. */
export function accessFinding(url: string, what: string): Finding {
  const isTls = /^\w+s:/i.test(url)
  const hasUser = /^[^/]*\/\/[^/?#]*@/.test(url)
  const seen = `${isTls ? 'TLS' : 'not encrypted'}, ${hasUser ? 'as a user' : 'without a user'}`
  const advice = `Every program that reaches ${what}, and a password would be sent in the clear.`
  return isTls || hasUser ? { level: 'ok', check: 'access', seen } : { level: 'note', check: 'access', seen, advice }
}
