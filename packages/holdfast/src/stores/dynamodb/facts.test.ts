import { expect, test } from 'vitest'
import { dynamodbFactsOf } from './facts.ts'
import { tableOf } from '../dynamodb-driver/table-form.ts'

const table = { ...tableOf('locks'), TableArn: 'arn:aws:dynamodb:eu-central-1:123456789012:table/locks' }

test('a table of one region is consensus', () => {
  expect(dynamodbFactsOf(table)).toMatchObject({ safetyClass: 'consensus', expiry: 'observed', wakeUp: 'poll' })
})

test('a global table in which the last writer wins is lowered and says why; one of strong consistency is not', () => {
  const Replicas = [{ RegionName: 'eu-west-1' }]
  const { safetyClass, reasons, lockRisks } = dynamodbFactsOf({ ...table, Replicas })
  expect(safetyClass).toBe('best-effort')
  expect(reasons.join()).toMatch(/last writer wins/)
  expect(lockRisks.join()).toMatch(/another region/)
  expect(dynamodbFactsOf({ ...table, GlobalTableVersion: '2017.11.29' }).safetyClass).toBe('best-effort')
  const strong = { ...table, Replicas, MultiRegionConsistency: 'STRONG' }
  expect(dynamodbFactsOf(strong).safetyClass).toBe('consensus')
})

test('a table that may not be described, and a server for tests, are lowered', () => {
  expect(dynamodbFactsOf(undefined)).toMatchObject({
    safetyClass: 'best-effort',
    reasons: expect.arrayContaining([expect.stringContaining('dynamodb:DescribeTable')]),
  })
  const local = { ...table, TableArn: 'arn:aws:dynamodb:ddblocal:000000000000:table/locks' }
  expect(dynamodbFactsOf(local)).toMatchObject({ safetyClass: 'best-effort', engine: 'DynamoDB (local server)' })
})

test('a table with another key, or one that is being made, is refused', () => {
  const other = { ...table, KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] }
  expect(() => dynamodbFactsOf(other)).toThrow(/another key than line/)
  expect(() => dynamodbFactsOf({ ...table, TableStatus: 'CREATING' })).toThrow(/it is CREATING/)
})
