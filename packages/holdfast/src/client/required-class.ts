/** Whether a store promises as much as the client requires: when it opens, and whenever it grants. */
import { Unsupported } from '../store/errors.ts'
import { CLASS_ORDER, type Facts, type SafetyClass } from '../store/facts.ts'

/** The reason not to use the store, where its class is less than required. */
export function belowRequired(facts: Facts, require: SafetyClass | undefined): Unsupported | undefined {
  const { engine, reasons, safetyClass } = facts
  if (require === undefined || CLASS_ORDER.indexOf(safetyClass) >= CLASS_ORDER.indexOf(require)) return undefined
  return new Unsupported(`${engine} is of class "${safetyClass}", required is "${require}": ${reasons.join(' ')}`)
}
