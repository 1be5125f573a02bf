/** One attempt at a lock, from the call to the end of its lease: what all its events are about, and the trace of its claim. */
import type { LockEvent, TraceCarrier } from './events.ts'
import type { LockShape } from './lock-shape.ts'
import { checkedTrace } from './trace.ts'

/** One count for every copy of the library in this program; the number is that of the seam. */
const counter: { attempts: number } = ((globalThis as { [slot: symbol]: { attempts: number } | undefined })[
  Symbol.for('holdfast/1/attempts')
] ??= { attempts: 0 })

export class LockAttempt {
  /** What of the events never changes. */
  readonly about: LockEvent
  /** Written by listeners of `asked` and `acquired`. */
  trace: string | undefined

  constructor(namespace: string, { name, mode }: LockShape) {
    counter.attempts += 1
    this.about = { namespace, name, mode, attempt: counter.attempts }
  }

  /** What a listener that traces is told. */
  get traceable(): LockEvent & TraceCarrier {
    const carry = (trace: string): void => {
      this.trace = checkedTrace(trace)
    }
    return { ...this.about, carry }
  }
}
