/** One process of a replay, seen from the driver: it is told a step and answers, and it can be stopped and killed. */
import type { ChildProcess } from '@holdfast/testbed/child-processes'
import type { HistoryEvent, Recorder } from '@holdfast/testbed/history'
import type { Order } from '../traffic/order.ts'
import type { Answer, Step } from './steps.ts'

/** Longer than any step takes; a step that hangs is a defect. */
const STEP_MS_MAX = 60_000

export class ScriptedProcess {
  readonly name: string
  readonly #member: ChildProcess
  readonly #recorder: Recorder
  readonly #expected = new Map<string, (event: HistoryEvent) => void>()

  constructor(name: string, start: (onEvent: (event: HistoryEvent) => void) => ChildProcess, recorder: Recorder) {
    this.name = name
    this.#recorder = recorder
    this.#member = start((event) => {
      this.#expected.get(event.f)?.(event)
      this.#expected.delete(event.f)
    })
  }

  async begin(order: Order): Promise<void> {
    const ready = this.#heard('ready')
    this.#member.tell(JSON.stringify(order))
    await ready
  }

  async does(step: Step): Promise<Answer> {
    const answer = this.#heard('answer')
    this.#member.tell(JSON.stringify(step))
    const { in: input } = await answer
    return { ok: input?.['ok'] === true, text: String(input?.['text']) }
  }

  /** Gives back what it has and ends; what it wrote is complete then. */
  async leaves(): Promise<void> {
    await this.does({ do: 'end' })
    await this.#member.ended
  }

  /** Does a step before which the process stops itself; resolves when it stands still. The answer comes after `goOn`. */
  async stopsBefore(step: Step): Promise<{ readonly answer: Promise<Answer> }> {
    const stopped = this.#heard('nemesis')
    const answer = this.does(step)
    // When it never stops, that is the error, and the answer has no reader.
    answer.catch(() => undefined)
    await stopped
    return { answer }
  }

  stop(): void {
    this.#recorder.signal('nemesis', '', { kind: 'pause', target: this.name })
    this.#member.stop()
  }

  goOn(): void {
    this.#recorder.signal('nemesis', '', { kind: 'resume', target: this.name })
    this.#member.resume()
  }

  async kill(): Promise<void> {
    this.#recorder.signal('nemesis', '', { kind: 'crash', target: this.name })
    this.#member.kill()
    await this.#member.ended
  }

  /** A process that ends by itself says why; one that was killed says nothing any more. */
  #heard(f: string): Promise<HistoryEvent> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${this.name} did not answer within ${STEP_MS_MAX / 1_000} s`)),
        STEP_MS_MAX,
      )
      this.#expected.set(f, (event) => {
        clearTimeout(timer)
        resolve(event)
      })
      void this.#member.ended.then(({ code, lastWords }) => {
        clearTimeout(timer)
        if (code === 'SIGKILL') return
        reject(new Error(`${this.name} ended by itself with ${code}. ${lastWords}`.trim()))
      })
    })
  }
}
