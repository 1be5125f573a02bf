/** Which faults there are for which store, and why another one cannot be had. One family a file. */
import type { Form } from '../traffic/contender.ts'
import { wholeForms } from '../traffic/order.ts'
import { kill, pause } from './client-faults.ts'
import { serverClock, workerClock } from './clock-faults.ts'
import { connectionFaults } from './connection-faults.ts'
import { diskFull, powerLoss } from './disk-faults.ts'
import { electedFailover, failover } from './failover.ts'
import type { Fault } from './fault.ts'
import { partition } from './partition.ts'
import { serverFaults, wipeServer } from './server-faults.ts'
import { split } from './split.ts'
import { busy, wipe } from './sqlite-faults.ts'

export interface StoreFaults {
  /** In the order of the documentation. */
  readonly faults: ReadonlyMap<string, Fault>
  /** Faults of other stores that a caller may ask for, and why they mean nothing here. */
  readonly meaningless: ReadonlyMap<string, string>
  /** Those of a run that does not say. What breaks promises that the store does not make is not among them. */
  readonly usual: readonly string[]
  /** Whether it promises that who came first is granted first. */
  readonly isFifo: boolean
  /** Whether it has semaphores and read/write locks beside the mutex. */
  readonly hasAllForms: boolean
  /** The shortest lease that it grants, where that is longer than a run asks for by itself. */
  readonly ttlMs?: number
  /** There is no other way to keep its data. */
  readonly alwaysSyncs?: boolean
}

const clientFaults: readonly (readonly [string, Fault])[] = [
  ['pause', pause],
  ['kill', kill],
  ['clock-jump', workerClock],
]

const routeFaults: readonly (readonly [string, Fault])[] = [...connectionFaults, ['partition', partition]]

const noConnection = 'every process opens the lock file itself: there is no connection'
const noFile = 'a server has no file that another program could lock'
const noRoute =
  'the servers tell every client where they are, so no worker has a way of its own that could be hurt; a redis: or redlock: of the run gives it one'
const noneOfItsOwn =
  'the servers of a group that the run starts have no clock and no disk of their own; those of redis: and redlock: have'
const noMember =
  'a server of a group whose data is deleted has forgotten whom it belongs to; with redis: and redlock: this can be made'
const noTable =
  'a database without its data has no table for the locks, and a store that is open makes none; deleted rows are rows deleted by hand'
const noClock = 'etcd counts leases on its monotonic clock and asks no time of day; its program takes no clock from us'
const noClockAsked = 'no clock of the server is asked: whoever waits counts by its own'
const noBucket =
  'a server without its data has no table and no bucket for the locks, and a store that is open makes none'
const noDisk = 'the run gives this server no disk of its own; with redis: and postgres: this can be made'
const noNewMember =
  'a member whose data is deleted is another member, which an operator has to take out and to add; its power and its disk can fail'
const noWallClock =
  'sessions are counted on the monotonic clock of the leader; its wall clock is asked for minimum holds alone, which a run does not use'
const noDiskOfItsOwn =
  'the servers that the run starts keep their data in a folder, and no disk of their own; etcd: and postgres: have one'
const noHeir = 'the members elect a leader by themselves: kill-server, pause-server and split make them'
const noReplica = 'the run starts one server without a replica; with redis: and postgres: this can be made'
const noServer = 'every process opens the lock file itself: there is no server'

/** What there is for servers that the run starts for itself. */
const ownServers: readonly (readonly [string, Fault])[] = [
  ...serverFaults,
  ['server-clock-jump', serverClock],
  ['wipe', wipeServer],
  ['power-loss', powerLoss],
  ['disk-full', diskFull],
]

const names = (faults: readonly (readonly [string, Fault])[]): readonly string[] => faults.map(([name]) => name)

/** Primaries that the run starts, whose group puts a replica in the place of a silent one. */
const group: StoreFaults = {
  faults: new Map([...clientFaults, ...serverFaults, ['failover', electedFailover]]),
  meaningless: new Map([
    ['busy', noFile],
    ...names(routeFaults).map((name) => [name, noRoute] as const),
    ['wipe', noMember],
    ...['server-clock-jump', 'power-loss', 'disk-full'].map((name) => [name, noneOfItsOwn] as const),
  ]),
  usual: ['pause', 'kill', ...serverFaults.keys()],
  isFifo: true,
  hasAllForms: true,
}

const everything = { isFifo: true, hasAllForms: true } as const

const database: StoreFaults = {
  faults: new Map([...clientFaults, ...routeFaults, ...ownServers.filter(([name]) => name !== 'wipe')]),
  meaningless: new Map([
    ['busy', noFile],
    ['wipe', noTable],
  ]),
  usual: ['pause', 'kill', ...names(routeFaults), ...serverFaults.keys()],
  ...everything,
}

/** Without a clock that counts, and on a disk that is not the run's own. */
const observed: StoreFaults = {
  faults: new Map([...clientFaults, ...routeFaults, ...serverFaults]),
  meaningless: new Map([
    ['busy', noFile],
    ['failover', noReplica],
    ['server-clock-jump', noClockAsked],
    ['wipe', noBucket],
    ...['power-loss', 'disk-full'].map((name) => [name, noDisk] as const),
  ]),
  usual: ['pause', 'kill', ...names(routeFaults), ...serverFaults.keys()],
  ...everything,
}

const stores: ReadonlyMap<string, StoreFaults> = new Map([
  [
    'sqlite',
    {
      faults: new Map([...clientFaults, ['busy', busy], ['wipe', wipe]]),
      meaningless: new Map([
        ...names(routeFaults).map((name) => [name, noConnection] as const),
        ...[...names(ownServers), 'failover']
          .filter((name) => name !== 'wipe')
          .map((name) => [name, noServer] as const),
      ]),
      usual: ['pause', 'kill', 'busy'],
      ...everything,
    },
  ],
  [
    'redis',
    {
      faults: new Map([...clientFaults, ...routeFaults, ...ownServers, ['failover', failover]]),
      meaningless: new Map([['busy', noFile]]),
      usual: ['pause', 'kill', ...names(routeFaults), ...serverFaults.keys()],
      ...everything,
    },
  ],
  ['postgres', { ...database, faults: new Map([...database.faults, ['failover', failover]]) }],
  ['mysql', { ...database, meaningless: new Map([...database.meaningless, ['failover', noReplica]]) }],
  [
    'etcd',
    {
      faults: new Map([
        ...clientFaults,
        ...routeFaults,
        ...serverFaults,
        ['split', split],
        ['power-loss', powerLoss],
        ['disk-full', diskFull],
      ]),
      meaningless: new Map([
        ['busy', noFile],
        ['wipe', noNewMember],
        ['server-clock-jump', noClock],
        ['failover', noHeir],
      ]),
      usual: ['pause', 'kill', ...names(routeFaults), ...serverFaults.keys(), 'split'],
      ...everything,
      ttlMs: 1_000,
      alwaysSyncs: true,
    },
  ],
  ['dynamodb', observed],
  ['nats', observed],
  [
    'zookeeper',
    {
      faults: new Map([...clientFaults, ...routeFaults, ...serverFaults, ['split', split]]),
      meaningless: new Map([
        ['busy', noFile],
        ['wipe', noNewMember],
        ['server-clock-jump', noWallClock],
        ['failover', noHeir],
        ...['power-loss', 'disk-full'].map((name) => [name, noDiskOfItsOwn] as const),
      ]),
      usual: ['pause', 'kill', ...names(routeFaults), ...serverFaults.keys(), 'split'],
      ...everything,
      ttlMs: 1_000,
      alwaysSyncs: true,
    },
  ],
  [
    'redlock',
    {
      faults: new Map([...clientFaults, ...routeFaults, ...ownServers]),
      meaningless: new Map([
        ['busy', noFile],
        ['failover', 'each server is alone: none may have a replica that takes over'],
      ]),
      usual: ['pause', 'kill', ...names(routeFaults), ...serverFaults.keys()],
      isFifo: false,
      hasAllForms: false,
    },
  ],
  ['redis+cluster', group],
  ['redis+sentinel', group],
])

export function faultsOf(scheme: string): StoreFaults | undefined {
  return stores.get(scheme)
}

export const storesWithFaults: readonly string[] = [...stores.keys()]

/** What is asked of the store: each lock that it has, taken whole. */
export function formsOf(scheme: string): readonly Form[] {
  const all = stores.get(scheme)?.hasAllForms ?? true
  return all ? wholeForms : wholeForms.filter(({ mode, capacity }) => mode === 'exclusive' && capacity === 1)
}
