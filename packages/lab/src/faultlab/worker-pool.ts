/** The worker processes of a run: started, stopped, killed, replaced, and finished at the end. */
import { setMaxListeners } from 'node:events'
import { join } from 'node:path'
import { ChildProcesses, type ChildProcess } from '@holdfast/testbed/child-processes'
import { dyingWithUs } from '@holdfast/testbed/engines/guard'
import type { HistoryEvent, Recorder } from '@holdfast/testbed/history'
import { FAILPOINT_TTLS } from './faults/client-faults.ts'
import type { Environment } from './environment/environment.ts'
import type { HistoryFile } from './history/read-histories.ts'
import { WorkerSlot } from './worker-slot.ts'
import type { Order } from './traffic/order.ts'

export interface WorkerPoolOptions {
  readonly places: readonly string[]
  readonly folder: string
  readonly seed: number
  /** What all orders have in common. */
  readonly order: Omit<Order, 'process' | 'historyPath' | 'seed' | 'storeUrl'>
  readonly nemesis: Recorder
  /** Each place has a route of its own to the store, and perhaps a clock of its own. */
  readonly environment: Pick<Environment, 'urlFor' | 'environmentFor'>
}

const KILLED = 'SIGKILL'
const WORKER = new URL('traffic/worker.js', import.meta.url)

export class WorkerPool {
  readonly posts: readonly WorkerSlot[]
  // A worker that is stopped cannot see that its driver is gone; the kernel sees it.
  readonly #children = new ChildProcesses(dyingWithUs)
  readonly #options: WorkerPoolOptions
  readonly #hired: { readonly path: string; readonly member: ChildProcess }[] = []
  readonly #killed = new Set<ChildProcess>()
  readonly #leaving = new Set<ChildProcess>()
  readonly #gone = new Set<ChildProcess>()
  readonly #failure = new AbortController()

  constructor(options: WorkerPoolOptions) {
    this.#options = options
    // Every slot that waits for a process listens.
    setMaxListeners(0, this.#failure.signal)
    this.posts = options.places.map((place) => new WorkerSlot(place, this))
  }

  async start(): Promise<void> {
    await Promise.all(this.posts.map((post) => post.restart()))
  }

  /** Every process runs, and none will stop itself any more. */
  async calm(): Promise<void> {
    await Promise.all(this.posts.map((post) => post.calm()))
  }

  /** Lets every process finish. Returns which did not, and after how long each of them was killed. */
  async sendHome(): Promise<string[]> {
    const late = await Promise.all(this.posts.map((post) => post.sendHome()))
    this.assertNobodyDied()
    return late.filter((text) => text !== undefined)
  }

  /** Aborts when a worker ended that this run neither killed nor asked to finish: what it held was lost without a fault of the run. */
  get failed(): AbortSignal {
    return this.#failure.signal
  }

  assertNobodyDied(): void {
    this.#failure.signal.throwIfAborted()
  }

  /** What they wrote. A process that was killed may have been in the middle of a line. */
  get histories(): readonly HistoryFile[] {
    return this.#hired.map(({ path, member }) => ({ path, mayBeTorn: this.#killed.has(member) }))
  }

  /** For the last moment: nothing of ours may outlive the driver. */
  killAll(): void {
    for (const { member } of this.#hired) if (!this.#gone.has(member)) this.#killed.add(member)
    this.#children.killAll()
  }

  kill(member: ChildProcess): void {
    this.#killed.add(member)
    member.kill()
  }

  /** It is told to end. */
  dismiss(member: ChildProcess, word: string): void {
    this.#leaving.add(member)
    member.tell(word)
  }

  /** A process in the place of another one has a name of its own, because its operations are counted anew. */
  hire(
    place: string,
    generation: number,
    onEvent: (event: HistoryEvent) => void,
  ): { process: string; member: ChildProcess } {
    const { folder, seed, order, environment } = this.#options
    const process = generation === 1 ? place : `${place}.${generation}`
    const historyPath = join(folder, `${process}.ndjson`)
    const member = this.#children.start(process, WORKER, '', onEvent, environment.environmentFor(place))
    this.#hired.push({ path: historyPath, member })
    void member.ended.then(({ code, lastWords }) => {
      this.#gone.add(member)
      if (!this.#isOurDoing(member, code)) this.#failure.abort(endedByItself(process, code, lastWords))
    })
    const own: Order = {
      ...order,
      process,
      historyPath,
      storeUrl: environment.urlFor(place),
      seed: seed + this.#hired.length,
    }
    member.tell(JSON.stringify(own))
    return { process, member }
  }

  #isOurDoing(member: ChildProcess, code: number | string): boolean {
    // A process that died before the signal came has another code than the signal's name.
    return (code === KILLED && this.#killed.has(member)) || (code === 0 && this.#leaving.has(member))
  }

  get ttlMs(): number {
    return this.#options.order.ttlMs
  }

  /** A worker that stopped itself goes on after this long. */
  get failpointMs(): number {
    return this.#options.order.ttlMs * FAILPOINT_TTLS
  }

  note(kind: string, process: string): void {
    this.#options.nemesis.signal('nemesis', '', { kind, target: process })
  }
}

function endedByItself(process: string, code: number | string, lastWords: string): Error {
  return new Error(`${process} ended by itself with ${code}. ${lastWords}`.trim())
}
