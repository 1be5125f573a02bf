/** What a fault can get at: the worker processes, what the run stands on, a time that ends early when everything has to heal. */
import type { Random } from '@holdfast/testbed/random'
import type { Detail } from '@holdfast/testbed/history'
import type { Environment, EnvironmentServer } from '../environment/environment.ts'

/** One slot of the worker pool; when its process is killed the next one takes the place under a new name. */
export interface WorkerPost {
  readonly place: string
  /** The process that has the place now. */
  process(): string
  readonly state: 'running' | 'stopped' | 'down'
  /** It was told to stop itself and has not come to that point yet. */
  readonly isArmed: boolean
  /** Tells the process to stop itself at a point of its work. */
  arm(point: string): void
  stop(): void
  resume(): void
  kill(): void
  /** Resolves when the new process is at work. */
  restart(): Promise<void>
}

export interface FaultTarget {
  readonly random: Random
  readonly ttlMs: number
  readonly environment: Environment
  readonly posts: readonly WorkerPost[]
  /** Writes the fault down, with who was hit. */
  note(kind: string, target: string, detail?: Detail): void
  /** Waits; at once over when the time of faults is over. */
  sleep(ms: number): Promise<void>
  /** Whether it is. */
  isOver(): boolean
}

/** In the history, a store that is no server is hit under this name. */
export const STORE = 'store'

/** At most half of the workers may be stopped or down at once: one must be left that can take over. */
export function victimOf({ random, posts }: FaultTarget): WorkerPost | undefined {
  const running = posts.filter(({ state }) => state === 'running')
  if (running.length <= posts.length / 2) return undefined
  return running[random.below(running.length)]
}

/** Any of the run's own servers. */
export function serverOf({ random, environment: { servers } }: FaultTarget): EnvironmentServer {
  const server = servers[random.below(servers.length)]
  if (server === undefined) throw new Error('there is no server of the run to be hurt')
  return server
}
