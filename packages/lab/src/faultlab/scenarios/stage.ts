/** The processes of a replay and the store they meet at, for as long as one scenario takes. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Crew, type Member } from '../../demo/crew.ts'
import { byTime, type HistoryEvent, Recorder } from '../../timeline/history.ts'
import { readHistories } from '../history/read-histories.ts'
import type { LockChoice, Order } from '../traffic/order.ts'
import { createResource, resourceEvents } from '../traffic/resource.ts'
import type { Answer, Step } from './steps.ts'

export interface StageOptions {
  readonly folder: string
  readonly storeUrl: string
  readonly ttlMs: number
  readonly guard: boolean
  readonly lock: LockChoice
}

/** Longer than any step takes; a step that hangs is a defect. */
const STEP_MS_MAX = 30_000
const LOOK_MS = 20
const LOOKS_MAX = 500
const PUPPET = new URL('puppet.js', import.meta.url)

export class Stage {
  readonly options: StageOptions
  readonly #crew = new Crew()
  readonly #noted: HistoryEvent[] = []
  readonly #paths: string[] = []
  readonly #recorder = new Recorder('nemesis', (event) => void this.#noted.push(event))
  readonly #resourcePath: string

  constructor(options: StageOptions) {
    this.options = options
    mkdirSync(options.folder, { recursive: true })
    this.#resourcePath = join(options.folder, 'resource.db')
    createResource(this.#resourcePath)
  }

  async actor(name: string): Promise<Actor> {
    const { folder, storeUrl, ttlMs, guard, lock } = this.options
    const historyPath = join(folder, `${name}.ndjson`)
    this.#paths.push(historyPath)
    const order: Order = {
      process: name,
      lock,
      storeUrl,
      namespace: 'replay',
      resourcePath: this.#resourcePath,
      historyPath,
      ttlMs,
      seed: 1,
      guard,
      loops: 1,
    }
    const actor = new Actor(name, (onEvent) => this.#crew.start(name, PUPPET, '', onEvent), this.#recorder)
    await actor.begin(order)
    return actor
  }

  /** The deed of somebody who is no process of the replay. */
  note(kind: string, target: string): void {
    this.#recorder.signal('nemesis', '', { kind, target })
  }

  /** Waits until a process has written down such an event. */
  async sees(fits: (event: HistoryEvent) => boolean): Promise<boolean> {
    for (let look = 0; look < LOOKS_MAX; look += 1) {
      if (readHistories(this.#paths).some(fits)) return true
      await sleep(LOOK_MS)
    }
    return false
  }

  events(): HistoryEvent[] {
    return byTime([...this.#noted, ...readHistories(this.#paths), ...resourceEvents(this.#resourcePath)])
  }

  close(): void {
    this.#crew.killAll()
  }
}

export class Actor {
  readonly name: string
  readonly #member: Member
  readonly #recorder: Recorder
  readonly #expected = new Map<string, (event: HistoryEvent) => void>()

  constructor(name: string, start: (onEvent: (event: HistoryEvent) => void) => Member, recorder: Recorder) {
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

  /** Does a step before which the process stops itself; resolves when it stands still. The answer comes after `goOn`. */
  async stopsBefore(step: Step): Promise<{ readonly answer: Promise<Answer> }> {
    const stopped = this.#heard('nemesis')
    const answer = this.does(step)
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

  #heard(f: string): Promise<HistoryEvent> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.name} did not answer within 30 s`)), STEP_MS_MAX)
      this.#expected.set(f, (event) => {
        clearTimeout(timer)
        resolve(event)
      })
    })
  }
}
