/** Processes that hold things in turn, are killed and stopped, and how long each of them believed in which hold. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
import { expect } from 'vitest'
import type { Belief } from './belief.fixture.ts'

/** How long one token was believed in, and by which process. */
export interface Reign {
  readonly held: string
  readonly token: string
  readonly fromMs: number
  toMs: number
  readonly holder: ChildProcess
}

export class Crowd {
  readonly #script: string
  readonly #args: readonly string[]
  readonly #members = new Set<ChildProcess>()
  readonly #reigns = new Map<string, Reign>()
  readonly #words: string[] = []
  #onReign: (reign: Reign) => void = () => undefined

  constructor(script: string, args: readonly string[]) {
    this.#script = script
    this.#args = args
  }

  get members(): readonly ChildProcess[] {
    return [...this.#members]
  }

  /** What members have said beside what they believe. */
  get words(): readonly string[] {
    return this.#words
  }

  get reigns(): readonly Reign[] {
    return [...this.#reigns.values()]
  }

  add(...args: readonly string[]): ChildProcess {
    const member = fork(this.#script, [...this.#args, ...args])
    this.#members.add(member)
    member.on('message', (message) => {
      if (typeof message === 'string') this.#words.push(message)
      else this.#tell(member, message as Belief)
    })
    return member
  }

  nextReign(): Promise<Reign> {
    return new Promise((resolve) => {
      this.#onReign = resolve
    })
  }

  /** The newest of each thing that was held. */
  newest(): ReadonlyMap<string, Reign> {
    return new Map(this.reigns.toSorted((one, other) => one.fromMs - other.fromMs).map((reign) => [reign.held, reign]))
  }

  async kill(member: ChildProcess): Promise<void> {
    const gone = once(member, 'exit')
    this.#members.delete(member)
    member.kill('SIGKILL')
    await gone
  }

  async end(): Promise<void> {
    await Promise.all(this.members.map((member) => this.kill(member)))
  }

  #tell(holder: ChildProcess, { held, token, atMs }: Belief): void {
    const known = this.#reigns.get(`${held} ${token}`)
    if (known !== undefined) {
      known.toMs = Math.max(known.toMs, atMs)
      return
    }
    const reign = { held, token, fromMs: atMs, toMs: atMs, holder }
    this.#reigns.set(`${held} ${token}`, reign)
    this.#onReign(reign)
  }
}

/** Of each thing one after the other, with tokens that rise. */
export function assertTurns(reigns: readonly Reign[]): void {
  promised(() => {
    for (const inTurn of Map.groupBy(reigns, ({ held }) => held).values()) {
      const ordered = inTurn.toSorted((one, other) => one.fromMs - other.fromMs)
      ordered.forEach(({ token, fromMs }, index) => {
        const before = ordered[index - 1]
        if (before === undefined) return
        expect(BigInt(token)).toBeGreaterThan(BigInt(before.token))
        expect(fromMs).toBeGreaterThan(before.toMs)
      })
    }
  })
}
