/** `holdfast facts`: what the chosen store promises, from the same object that the library goes by. */
import type { Facts } from 'holdfast'
import { type Context, type GlobalOptions, withLocks } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import { shortDuration } from './printer.ts'

export async function factsCommand(context: Context, options: GlobalOptions): Promise<number> {
  return withLocks(context, options, async ({ locks }) => {
    const facts = await locks.open()
    if (options.json === true) context.printer.document(facts)
    else context.printer.table(['PROMISE', 'THIS STORE'], factRows(facts))
    return exitCodes.ok
  })
}

function factRows(facts: Facts): readonly (readonly [promise: string, here: string])[] {
  const { ttl } = facts
  const rows: [string, string][] = [
    ['engine', facts.engine],
    ['safety class', facts.safetyClass],
    ...facts.reasons.map((reason): [string, string] => ['', reason]),
    ['clock', facts.clock],
    ['expiry', facts.expiry],
    ['tokens', facts.tokens],
    ['order', facts.order],
    ['wake-up', facts.wakeUp],
    [
      'ttl',
      `per ${ttl.per}, ${shortDuration(ttl.minMs)} to ${shortDuration(ttl.maxMs)} in steps of ${shortDuration(ttl.granularityMs)}`,
    ],
  ]
  for (const what of facts.losesLock) rows.push(['loses a lock', what])
  for (const what of facts.breaksTokens) rows.push(['breaks tokens', what])
  for (const [what, why] of Object.entries(facts.lacks)) rows.push([`no ${what}`, why])
  return rows
}
