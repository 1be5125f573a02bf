import { expect, test } from 'vitest'
import { NotApplied, OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import { isLost, mysqlError } from './errors.ts'

const said = (errno: number, message = 'words of the server'): Error =>
  Object.assign(new Error(message), { errno, code: 'ER_SOME', sqlState: 'HY000' })

test('a commit that failed, a deadlock and a lost race did nothing', () => {
  for (const number of [1213, 1020]) {
    expect(mysqlError(said(number), 'changing a line')).toBeInstanceOf(NotApplied)
    expect(isLost(said(number))).toBe(true)
  }
  expect(isLost(said(1205))).toBe(false)
  expect(mysqlError(said(1180), 'changing a line')).toBeInstanceOf(OutcomeUnknown)
})

test('a node of a cluster without a quorum is away, and an error that nobody knows is no grant', () => {
  expect(mysqlError(said(1047), 'entering')).toMatchObject({ code: 'STORE_UNAVAILABLE', isFinal: false })
  expect(mysqlError(said(1665), 'entering')).toMatchObject({
    isFinal: true,
    message: expect.stringContaining('binlog_format'),
  })
  expect(mysqlError(said(9001), 'entering')).toBeInstanceOf(StoreUnavailable)
})

test('what was not answered is unknown, and what was not sent is not', () => {
  const lost = Object.assign(new Error('Connection lost'), { code: 'PROTOCOL_CONNECTION_LOST' })
  expect(mysqlError(lost, 'entering')).toBeInstanceOf(OutcomeUnknown)
  expect(mysqlError(lost, 'entering', true)).toBeInstanceOf(StoreUnavailable)
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { errno: -111, code: 'ECONNREFUSED' })
  const pool = Object.assign(new Error('pool timeout', { cause: refused }), { errno: 45_028 })
  expect(mysqlError(pool, 'entering', true)).toMatchObject({
    message: expect.stringContaining('cannot be reached (ECONNREFUSED)'),
  })
})
