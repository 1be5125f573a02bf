/** The rule for the ticks of one job, from the options of its caller. */
import type { LockClient } from '../../client/client.ts'
import { acquireSettings, checkKeys } from '../../client/options.ts'
import { Misuse } from '../../store/errors.ts'
import { durationMs } from '../../time/duration.ts'
import { checkedLedger } from '../ledger.ts'
import { recipeName } from '../recipe-name.ts'
import { LedgerTicks } from '../tick-list/ledger-ticks.ts'
import { AT_LEAST_MS, AT_MOST_MS, REMEMBER_MS, RUNS_MAX, SKEW_MS, START_WITHIN_MS } from '../tick/limits.ts'
import { TickRule } from '../tick/rule.ts'
import { StoreTicks } from '../tick-list/store-ticks.ts'
import type { RunOutcome, TickOptions } from '../tick/tick.ts'

export const TICK_OPTIONS: readonly string[] = [
  'atMostFor',
  'atLeastFor',
  'ledger',
  'remember',
  'startWithin',
  'skew',
  'ttl',
  'history',
]

export interface TickRules {
  readonly rule: TickRule
  /** The name of the lock. */
  readonly name: string
  readonly ttlMs: number
  readonly atMostForMs: number
  readonly startWithinMs: number
  /** Absent without a ledger. */
  readonly ledger: LedgerTicks | undefined
}

export interface JobTraits {
  /** What a work that returned has done. @default 'returned' */
  readonly outcome?: RunOutcome
  /** By which its ticks are due. @default none */
  readonly schedule?: string | undefined
  /** @default to the logger of the client */
  warn?(reason: string): void
}

/** Throws `Misuse` for options that are out of range. */
export function tickRules(client: LockClient, name: string, options: TickOptions, traits: JobTraits = {}): TickRules {
  checkKeys(options, TICK_OPTIONS)
  const { atMostFor, atLeastFor = 0, startWithin = '5m', remember = '1h', skew = '5m', history: keep = 50 } = options
  if (atMostFor === undefined) throw new Misuse(`"${name}": atMostFor is needed: how long a run may take`)
  const atMostForMs = durationMs('atMostFor', atMostFor, AT_MOST_MS)
  const minHoldMs = durationMs('atLeastFor', atLeastFor, AT_LEAST_MS)
  if (minHoldMs >= atMostForMs) throw new Misuse('atLeastFor must be less than atMostFor')
  if (!Number.isInteger(keep) || keep < 1 || keep > RUNS_MAX) {
    throw new Misuse(`history must be a whole number from 1 to ${RUNS_MAX}, got ${String(keep)}`)
  }
  const startWithinMs = durationMs('startWithin', startWithin, START_WITHIN_MS)
  const rememberMs = durationMs('remember', remember, REMEMBER_MS)
  if (options.ledger === undefined && rememberMs < startWithinMs) {
    throw new Misuse('remember must not be less than startWithin: a tick would be forgotten while it may still begin')
  }
  const line = recipeName('cron', name)
  const call = options.ttl === undefined ? {} : { ttl: options.ttl }
  const settings = acquireSettings({ ...call, minHold: minHoldMs }, client.defaults)
  const { outcome = 'returned', schedule, warn = (reason) => client.logger?.warn(reason) } = traits
  const ledger =
    options.ledger === undefined
      ? undefined
      : new LedgerTicks(client, { ledger: checkedLedger(options.ledger), name: line, keep, schedule })
  const skewMs = durationMs('skew', skew, SKEW_MS)
  const plan = { name: line, settings, atMostForMs, startWithinMs, skewMs, outcome, warn }
  const rule = new TickRule(client, plan, ledger ?? new StoreTicks(client, name, settings, rememberMs))
  return { rule, name: line, ttlMs: settings.ttlMs, atMostForMs, startWithinMs, ledger }
}
