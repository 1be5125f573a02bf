/** The processes of a replay and whatever they meet at, for as long as one take lasts. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ChildProcesses } from '@holdfast/testbed/child-processes'
import { dyingWithUs } from '@holdfast/testbed/engines/guard'
import { byTime, type HistoryEvent, Recorder } from '@holdfast/testbed/history'
import { type HistoryFile, readHistories } from '../history/read-histories.ts'
import type { LockChoice, Order } from '../traffic/order.ts'
import { createResource, resourceEvents } from '../traffic/resource.ts'
import { ScriptedProcess } from './scripted-process.ts'
import { NAMESPACE } from './steps.ts'

export interface ScenarioSetupOptions {
  readonly folder: string
  readonly ttlMs: number
  readonly guard: boolean
  readonly lock: LockChoice
}

const LOOK_MS = 20
const LOOKS_MAX = 500
const SCRIPTED_WORKER = new URL('scripted-worker.js', import.meta.url)

export class ScenarioSetup implements AsyncDisposable {
  readonly options: ScenarioSetupOptions
  // A process that is stopped cannot see that the driver is gone; the kernel sees it.
  readonly #children = new ChildProcesses(dyingWithUs)
  readonly #noted: HistoryEvent[] = []
  /** They are read while they are written. */
  readonly #histories: HistoryFile[] = []
  readonly #recorder = new Recorder('nemesis', (event) => void this.#noted.push(event))
  readonly #resourcePath: string
  readonly #kept: AsyncDisposable[] = []

  constructor(options: ScenarioSetupOptions) {
    this.options = options
    mkdirSync(options.folder, { recursive: true })
    this.#resourcePath = join(options.folder, 'resource.db')
    createResource(this.#resourcePath)
  }

  /** The lock file of this take: where the processes meet unless the scenario brings a server. */
  get lockFileUrl(): string {
    return `sqlite:${join(this.options.folder, 'locks.db')}`
  }

  /** What the scenario brings, an engine or a proxy, goes when the take is over. */
  async keep<T extends AsyncDisposable>(made: Promise<T>): Promise<T> {
    const thing = await made
    this.#kept.push(thing)
    return thing
  }

  async scriptedProcess(name: string, storeUrl: string = this.lockFileUrl): Promise<ScriptedProcess> {
    const { folder, ttlMs, guard, lock } = this.options
    const historyPath = join(folder, `${name}.ndjson`)
    this.#histories.push({ path: historyPath, mayBeTorn: true })
    const order: Order = {
      process: name,
      lock,
      storeUrl,
      namespace: NAMESPACE,
      resourcePath: this.#resourcePath,
      historyPath,
      ttlMs,
      seed: 1,
      guard,
      loops: 1,
    }
    const scriptedProcess = new ScriptedProcess(
      name,
      (onEvent) => this.#children.start(name, SCRIPTED_WORKER, '', onEvent),
      this.#recorder,
    )
    await scriptedProcess.begin(order)
    return scriptedProcess
  }

  /** Records an event that no process of the replay causes. */
  note(kind: string, target: string): void {
    this.#recorder.signal('nemesis', '', { kind, target })
  }

  /** The event of a process that fits, as soon as it was written down. */
  async finds(fits: (event: HistoryEvent) => boolean): Promise<HistoryEvent | undefined> {
    for (let look = 0; look < LOOKS_MAX; look += 1) {
      const found = readHistories(this.#histories).find(fits)
      if (found !== undefined) return found
      await sleep(LOOK_MS)
    }
    return undefined
  }

  events(): HistoryEvent[] {
    return byTime([...this.#noted, ...readHistories(this.#histories), ...resourceEvents(this.#resourcePath)])
  }

  /** For the last moment: no process of a replay outlives the driver. Servers have a net of their own. */
  killAll(): void {
    this.#children.killAll()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.killAll()
    for (const thing of this.#kept.splice(0).toReversed()) await thing[Symbol.asyncDispose]()
  }
}
