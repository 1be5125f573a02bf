/** What `holdfast doctor` asks the members of an etcd themselves: how many are there, who leads, and whether they have room. */
import { type EtcdMemberState, etcdMembers } from 'holdfast/etcd'
import { accessFinding, quorumFinding } from './doctor-members.ts'
import type { Finding } from './doctor-report.ts'

/** Members of these could come to hold different data after a crash, and say nothing of it. (etcd-io/etcd#13766) */
const INCONSISTENT = /^3\.5\.[012]$/
const MEGABYTE = 1024 * 1024

/** Empty where no member answers: the opening says why. */
export async function etcdFindings(url: string): Promise<readonly Finding[]> {
  const members = await etcdMembers(url)
  if (members.every(({ failure }) => failure !== undefined)) return []
  return [
    quorumFinding(members),
    versions(members),
    space(members),
    accessFinding(url, 'this etcd may delete its keys'),
  ]
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
