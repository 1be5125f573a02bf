/** What `holdfast doctor` asks the members of an etcd themselves: how many are there, who leads, and whether they have room. */
import { type EtcdMemberState, etcdMembers } from 'holdfast/etcd'
import type { Finding } from './doctor-report.ts'

/** Members of these could come to hold different data after a crash, and say nothing of it. (etcd-io/etcd#13766) */
const INCONSISTENT = /^3\.5\.[012]$/
const MEMBERS_OF_CONSENSUS = 3
const MEGABYTE = 1024 * 1024

/** Empty where no member answers: the opening says why. */
export async function etcdFindings(url: string): Promise<readonly Finding[]> {
  const members = await etcdMembers(url)
  if (members.every(({ failure }) => failure !== undefined)) return []
  return [quorum(members), versions(members), space(members), access(url)]
}

/** Of the members in the URL: it should name them all. */
function quorum(members: readonly EtcdMemberState[]): Finding {
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

function versions(members: readonly EtcdMemberState[]): Finding {
  const found = [...new Set(members.flatMap(({ version }) => version ?? []))].toSorted()
  const finding = { check: 'version', seen: found.length === 0 ? 'not known' : `etcd ${found.join(' and ')}` }
  if (found.some((version) => INCONSISTENT.test(version))) {
    const advice =
      'Members of 3.5.0 to 3.5.2 may come to disagree after a crash: take 3.5.3 or newer before any lock matters.'
    return { ...finding, level: 'problem', advice }
  }
  return found.length > 1
    ? { ...finding, level: 'note', advice: 'The members have several versions: end the upgrade.' }
    : { ...finding, level: 'ok' }
}

function space(members: readonly EtcdMemberState[]): Finding {
  const largest = Math.max(0, ...members.map(({ databaseBytes = 0 }) => databaseBytes))
  const errors = [...new Set(members.flatMap(({ errors: own = [] }) => own))]
  const seen = `the database has ${(largest / MEGABYTE).toFixed(1)} MiB${errors.length === 0 ? '' : `; ${errors.join('; ')}`}`
  if (errors.length === 0) return { level: 'ok', check: 'space', seen }
  const advice = 'With the alarm NOSPACE nothing is granted: compact and defragment, then etcdctl alarm disarm.'
  return { level: 'problem', check: 'space', seen, advice }
}

function access(url: string): Finding {
  const isTls = /^etcds:/i.test(url)
  const hasUser = /^[^/]*\/\/[^/?#]*@/.test(url)
  const seen = `${isTls ? 'TLS' : 'not encrypted'}, ${hasUser ? 'as a user' : 'without a user'}`
  const advice = 'Every program that reaches this etcd may delete its keys, and a password would be sent in the clear.'
  return isTls || hasUser ? { level: 'ok', check: 'access', seen } : { level: 'note', check: 'access', seen, advice }
}
