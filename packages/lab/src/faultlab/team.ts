/** The worker processes of a run: started, stopped, killed, replaced, and sent home at the end. */
import { join } from 'node:path'
import { Crew, type Member } from '../demo/crew.ts'
import { dyingWithUs } from '../engines/guard.ts'
import type { HistoryEvent, Recorder } from '../timeline/history.ts'
import { FAILPOINT_TTLS } from './faults/client-faults.ts'
import type { Post } from './faults/scene.ts'
import type { Ground } from './ground/ground.ts'
import { DISARM_WORD, type Order, STOP_WORD } from './traffic/order.ts'

export interface TeamOptions {
  readonly places: readonly string[]
  readonly folder: string
  readonly seed: number
  /** What all orders have in common. */
  readonly order: Omit<Order, 'process' | 'historyPath' | 'seed' | 'storeUrl'>
  readonly nemesis: Recorder
  /** Each place has a way of its own to the store, and perhaps a clock of its own. */
  readonly ground: Pick<Ground, 'urlFor' | 'environmentFor'>
}

/** Starting a process and opening the store take some hundred milliseconds; on a busy machine, more. */
const START_MS_MAX = 20_000
const END_MS_MAX = 30_000
const WORKER = new URL('traffic/worker.js', import.meta.url)

export class Team {
  readonly posts: readonly Position[]
  readonly historyPaths: string[] = []
  // A worker that is stopped cannot see that its driver is gone; the kernel sees it.
  readonly #crew = new Crew(dyingWithUs)
  readonly #options: TeamOptions

  constructor(options: TeamOptions) {
    this.#options = options
    this.posts = options.places.map((place) => new Position(place, this))
  }

  async start(): Promise<void> {
    await Promise.all(this.posts.map((post) => post.restart()))
  }

  /** Everybody runs, and nobody will stop himself any more. */
  async calm(): Promise<void> {
    await Promise.all(this.posts.map((post) => post.calm()))
  }

  /** Lets everybody finish what he does. */
  async sendHome(): Promise<void> {
    await Promise.all(this.posts.map((post) => post.sendHome()))
  }

  /** For the last moment: nothing of ours may outlive the driver. */
  killAll(): void {
    this.#crew.killAll()
  }

  /** A process in the place of another one has a name of its own, because its operations are counted anew. */
  hire(place: string, generation: number, onEvent: (event: HistoryEvent) => void): { process: string; member: Member } {
    const { folder, seed, order, ground } = this.#options
    const process = generation === 1 ? place : `${place}.${generation}`
    const historyPath = join(folder, `${process}.ndjson`)
    this.historyPaths.push(historyPath)
    const member = this.#crew.start(process, WORKER, '', onEvent, ground.environmentFor(place))
    const own: Order = {
      ...order,
      process,
      historyPath,
      storeUrl: ground.urlFor(place),
      seed: seed + this.historyPaths.length,
    }
    member.tell(JSON.stringify(own))
    return { process, member }
  }

  /** A worker that stopped itself goes on after this long. */
  get failpointMs(): number {
    return this.#options.order.ttlMs * FAILPOINT_TTLS
  }

  note(kind: string, process: string): void {
    this.#options.nemesis.signal('nemesis', '', { kind, target: process })
  }
}

class Position implements Post {
  state: 'running' | 'stopped' | 'down' = 'down'
  readonly place: string
  readonly #team: Team
  #generation = 0
  #process = ''
  #member: Member | undefined
  #expected = new Map<string, () => void>()
  #tells = true

  constructor(place: string, team: Team) {
    this.place = place
    this.#team = team
  }

  /** Whether the lock under test tells its holders of a loss. */
  get tells(): boolean {
    return this.#tells
  }

  process(): string {
    return this.#process
  }

  arm(point: string): void {
    this.#member?.tell(point)
  }

  stop(): void {
    this.state = 'stopped'
    this.#member?.stop()
  }

  resume(): void {
    this.state = 'running'
    this.#member?.resume()
  }

  kill(): void {
    this.state = 'down'
    this.#member?.kill()
  }

  async restart(): Promise<void> {
    const ready = this.#heard('ready', START_MS_MAX)
    const generation = (this.#generation += 1)
    const { process, member } = this.#team.hire(this.place, generation, (event) => {
      // What a killed process said last may be read when another one is in its place.
      if (generation === this.#generation) this.#onEvent(event)
    })
    this.#process = process
    this.#member = member
    await this.#orEnded(ready, member)
    this.state = 'running'
    if (this.#generation > 1) this.#team.note('restart', process)
  }

  async calm(): Promise<void> {
    if (this.state === 'down') await this.restart()
    const disarmed = this.#heard('disarmed', START_MS_MAX)
    this.#member?.tell(DISARM_WORD)
    await this.#orEnded(disarmed, this.#member)
  }

  async sendHome(): Promise<void> {
    const done = this.#heard('done', END_MS_MAX)
    const member = this.#member
    member?.tell(STOP_WORD)
    await this.#orEnded(done, member)
    await member?.ended
  }

  #onEvent(event: HistoryEvent): void {
    if (event.f === 'ready') this.#tells = event.in?.['tells'] === true
    if (event.f === 'nemesis' && this.state !== 'down') this.#resumeLater()
    this.#expected.get(event.f)?.()
    this.#expected.delete(event.f)
  }

  #resumeLater(): void {
    const process = this.#process
    this.state = 'stopped'
    setTimeout(() => {
      if (this.#process !== process || this.state !== 'stopped') return
      this.#team.note('resume', process)
      this.resume()
    }, this.#team.failpointMs)
  }

  #heard(f: string, limitMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${this.place} did not say "${f}" within ${limitMs / 1000} s`)),
        limitMs,
      ).unref()
      this.#expected.set(f, () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  /** What a worker says when it dies is the message. */
  async #orEnded(heard: Promise<void>, member: Member | undefined): Promise<void> {
    const ended = member?.ended.then(async ({ code, lastWords }) => {
      if (code === 0) return heard
      throw new Error(`${this.#process} ended by itself with ${code}. ${lastWords}`.trim())
    })
    await Promise.race([heard, ...(ended === undefined ? [] : [ended])])
  }
}
