import { expect, test } from 'vitest'
import { factsOf, type Topology } from './facts.ts'

const settings = new Map([
  ['appendonly', 'yes'],
  ['appendfsync', 'always'],
  ['maxmemory', '0'],
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
  const { safetyClass, reasons, losesLock } = factsOf(findings, topology)
  expect(safetyClass).toBe('best-effort')
  expect(reasons.join(' ')).toContain(words)
  expect(losesLock.join(' ')).toContain('a failover')
})

test('a Cluster in the middle of an upgrade names both versions', () => {
  const { engine } = factsOf([best, { ...best, engine: 'Valkey 9.1.2' }], { ...alone, isCluster: true })
  expect(engine).toBe('Redis 7.0.15 and Valkey 9.1.2 Cluster, 2 primaries')
})
