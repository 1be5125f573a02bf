import { expect, test } from 'vitest'
import { probe } from '../redis-driver/probe.ts'
import { factsOf } from './facts.ts'
import type { Topology } from './durability.ts'

const settings: ReadonlyMap<string, string> = new Map([
  ['appendonly', 'yes'],
  ['appendfsync', 'always'],
  ['no-appendfsync-on-rewrite', 'no'],
  ['save', ''],
  ['maxmemory', '0'],
  ['maxmemory-policy', 'noeviction'],
  ['min-replicas-to-write', '0'],
])
const best = { engine: 'Redis 7.0.15', runId: 'run', replicas: 0, settings }
const alone: Topology = { isCluster: false, failsOver: false }

test('a server that keeps every change and has no successor is durable; so is a Cluster of such', () => {
  expect(factsOf([best], alone).safetyClass).toBe('durable')
  expect(factsOf([best, best, best], { ...alone, isCluster: true }).safetyClass).toBe('durable')
})

test.each([
  ['Sentinels watch it', [best], { ...alone, failsOver: true }, 'Sentinels may replace it'],
  [
    'one primary of several has a replica',
    [best, { ...best, replicas: 1 }],
    { ...alone, isCluster: true },
    '1 replicas',
  ],
  [
    'one of several does not tell',
    [best, { ...best, settings: undefined }],
    { ...alone, isCluster: true },
    'CONFIG GET',
  ],
] as const)('when %s the class is best-effort, and the reason is said', (_, findings, topology, words) => {
  const { safetyClass, reasons, lockRisks } = factsOf(findings, topology)
  expect(safetyClass).toBe('best-effort')
  expect(reasons.join(' ')).toContain(words)
  expect(lockRisks.join(' ')).toContain('a failover')
})

test('a Cluster in the middle of an upgrade names both versions', () => {
  const { engine } = factsOf([best, { ...best, engine: 'Valkey 9.1.2' }], { ...alone, isCluster: true })
  expect(engine).toBe('Redis 7.0.15 and Valkey 9.1.2 Cluster, 2 primaries')
})

test('where the configuration is not told, nobody claims to know how many replicas it waits for', () => {
  const untold = { ...best, settings: undefined }
  const waiting = { ...best, settings: new Map([...settings, ['min-replicas-to-write', '2']]) }
  const cluster = { ...alone, isCluster: true }
  expect(factsOf([waiting, waiting], cluster).reasons.join(' ')).toContain('fewer than 2 replicas')
  for (const findings of [[untold], [untold, untold], [waiting, untold], [waiting, best]]) {
    const { reasons } = factsOf(findings, findings.length > 1 ? cluster : alone)
    expect(reasons.join(' ')).not.toContain('min-replicas-to-write')
  }
})

test('a server that does not flush while the file is rewritten may lose seconds, and says why', () => {
  const pausing = { ...best, settings: new Map([...settings, ['no-appendfsync-on-rewrite', 'yes']]) }
  const { safetyClass, reasons, lockRisks } = factsOf([best, pausing], { ...alone, isCluster: true })
  expect(safetyClass).toBe('best-effort')
  expect(reasons.join(' ')).toContain('no-appendfsync-on-rewrite is yes; set no')
  expect(reasons.join(' ')).not.toContain('appendfsync is always')
  expect(lockRisks.join(' ')).toContain('a crash of the machine')
  // Both are said at once, so that mending one does not only bring up the other.
  const slow = { ...best, settings: new Map([...pausing.settings, ['appendfsync', 'everysec']]) }
  expect(factsOf([slow], alone).reasons.join(' ')).toMatch(/appendfsync is everysec; set always.*on-rewrite is yes/)
})

async function probed(config: ReadonlyMap<string, string>): ReturnType<typeof probe> {
  return probe({
    send: async ([command]) =>
      command === 'INFO' ? 'redis_version:7.0.15\r\nrole:master\r\nconnected_slaves:0' : [...config].flat(),
  })
}

test('a setting that is left out is not told, and never taken for a good one', async () => {
  expect(factsOf([await probed(settings)], alone).safetyClass).toBe('durable')
  for (const missing of settings.keys()) {
    const rest = new Map([...settings].filter(([name]) => name !== missing))
    const { safetyClass, reasons } = factsOf([await probed(rest)], alone)
    expect(safetyClass, missing).toBe('best-effort')
    expect(reasons.join(' '), missing).toContain('leaves settings out')
  }
})
