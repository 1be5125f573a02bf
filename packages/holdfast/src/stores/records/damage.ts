/** What cannot be read is not a record of ours, and nothing is done to it. */
import { StoreUnavailable } from '../../store/errors.ts'
import { RecordFull } from './engine.ts'

export function undamaged<Result>(engine: string, resource: string, decode: () => Result): Result {
  try {
    return decode()
  } catch (cause) {
    if (cause instanceof RecordFull) throw cause
    throw new StoreUnavailable(`${engine}: the record of ${resource} is damaged`, { cause, isFinal: true })
  }
}
