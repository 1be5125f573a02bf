/** Other libraries that lock in DynamoDB, under the same measurements, on the same local server. */
import { installCompetitors } from '@holdfast/testbed/competitors'
import { nowMs } from '../clock.ts'
import { type Figure, type Settings, type Suite, SuiteSkipped } from '../figure.ts'
import { inTurn, namesOf } from '../holdfast-lock.ts'
import { compared, type Contestant, gainedPerPair, latencyAt, medianOf, roundsIn, takeTurns } from '../slices.ts'
import { turnsOf } from '../observed/turns.ts'
import { type CountedTable, openTableLocker, type TableLocker, type TableLockerName, withTable } from './lockers.ts'

const OTHERS: readonly TableLockerName[] = ['dynamodb-lock-client', '@deliveryhero/dynamodb-lock']
/** The reference is the first and the third: it against itself is the noise. With a lease its waiters wait for all of it. */
const ENTRANTS: readonly TableLockerName[] = [
  'bare',
  'holdfast',
  'bare',
  ...OTHERS,
  'dynamodb-lock-client with a lease',
]
const AGAIN = 2
const CROWDS = [2, 16, 50] as const
const NAMES = namesOf('name', 16)

export const dynamodbRivals: Suite = {
  name: 'dynamodb-rivals',
  group: 'dynamodb',
  about: `DynamoDB's local server, pairs against two bare conditional writes, and ${CROWDS.join(', ')} waiters of one process that take turns, hold 1 ms: Holdfast and ${OTHERS.join(', ')}`,
  async run(settings) {
    const missing = await installCompetitors()
    if (missing !== undefined) throw new SuiteSkipped(missing)
    const figures = [...(await withTable((table) => pairsOf(table, settings)))]
    for (const name of ['holdfast', ...OTHERS] as const)
      for (const waiters of CROWDS)
        figures.push(...(await withTable((table) => turnsTakenOf(name, waiters, table, settings))))
    return figures
  },
}

async function pairsOf(table: CountedTable, settings: Settings): Promise<readonly Figure[]> {
  const opened = await Promise.all(ENTRANTS.map((name) => openTableLocker(name, table)))
  const played = await takeTurns(opened.map(contestant), roundsIn(settings, ENTRANTS.length), nowMs(), {
    meter: async () => ({ sent: table.sent() }),
  })
  await Promise.all(opened.map((each) => each.close()))
  return ENTRANTS.flatMap((name, index): readonly Figure[] => {
    if (index === AGAIN) return []
    return [
      { what: `${name}: p50 of a pair, ratio`, unit: '×', ...compared(played, latencyAt(0.5), index) },
      { what: `${name}: p50 of a pair`, unit: 'ms', value: medianOf(played, index, latencyAt(0.5)) / 1000 },
      { what: `${name}: requests of a pair`, unit: '', value: medianOf(played, index, gainedPerPair('sent')) },
    ]
  })
}

function contestant(locker: TableLocker): Contestant {
  const nameOf = inTurn(NAMES)
  return {
    async pair(turn) {
      const giveBack = await locker.acquire(nameOf(turn))
      await giveBack()
    },
  }
}

async function turnsTakenOf(
  name: TableLockerName,
  waiters: number,
  table: CountedTable,
  settings: Settings,
): Promise<readonly Figure[]> {
  const locker = await openTableLocker(name, table)
  const turns = { where: `${waiters} waiters, ${name}`, clients: [locker.acquire], waiters, sent: () => table.sent() }
  const figures = await turnsOf(turns, settings)
  await locker.close()
  return figures
}
