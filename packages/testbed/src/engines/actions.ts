/** What a person can do to running servers by typing a line. */
import type { Group, Member } from './driver.ts'
import { modeKinds, type ProxyMode } from '../proxy/mode.ts'

const DELAY_MAX_MS = 60_000

type EngineAction = 'stop' | 'kill' | 'restart' | 'pause' | 'resume' | 'wipe'

const engineActions: readonly EngineAction[] = ['stop', 'kill', 'restart', 'pause', 'resume', 'wipe']

export interface Report {
  readonly server: number
  readonly name: string
  /** What is the case now, or the log that was asked for. */
  readonly text: string
}

/** Carries out one line; rejects with words for the person who typed it. */
export async function act(group: Group, line: string): Promise<readonly Report[]> {
  const [action = '', which, ...rest] = line.trim().split(/\s+/)
  if (action === '') return []
  // Before the server: a mistyped action names none.
  const perform = actionOf(action, rest)
  const chosen = choose(group, action, action === 'status' ? (which ?? 'all') : which)
  return Promise.all(
    chosen.map(async (member) => {
      const text = await perform(member)
      return { server: group.members.indexOf(member) + 1, name: member.name, text: text ?? stateOf(member) }
    }),
  )
}

export function stateOf({ engine, proxy }: Member): string {
  const process = engine.pid === undefined ? engine.state : `${engine.state}, pid ${engine.pid}`
  return proxy === undefined ? process : `${process}, proxy: ${proxy.mode.kind}`
}

function choose({ members }: Group, action: string, which: string | undefined): readonly Member[] {
  if (which === 'all') return members
  const member = /^\d{1,3}$/.test(which ?? '') ? members[Number(which) - 1] : undefined
  if (member !== undefined) return [member]
  const given = which === undefined ? '' : `, not ${JSON.stringify(which)}`
  throw new Error(`say which server behind ${action}: 1 to ${members.length}, or all${given}`)
}

function actionOf(action: string, rest: readonly string[]): (member: Member) => Promise<string | undefined> | string {
  if (action === 'status') return () => Promise.resolve(undefined)
  if (action === 'log') return ({ engine }) => engine.log()
  const known = engineActions.find((each) => each === action)
  if (known !== undefined) return ({ engine }) => engine[known]().then(() => undefined)
  const mode = modeOf(action, rest)
  return async ({ proxy, name }) => {
    if (proxy === undefined) throw new Error(`${name} has no proxy: start with --proxy`)
    proxy.set(mode)
    return undefined
  }
}

function modeOf(kind: string, [delay, jitter]: readonly string[]): ProxyMode {
  const found = modeKinds.find((each) => each === kind)
  if (found === undefined) {
    const known = ['status', 'log', ...engineActions, ...modeKinds].join(', ')
    throw new Error(`unknown action ${JSON.stringify(kind)}; known: ${known}`)
  }
  return found === 'delay'
    ? { kind: found, delayMs: milliseconds(delay), jitterMs: milliseconds(jitter ?? '0') }
    : { kind: found }
}

function milliseconds(text: string | undefined): number {
  const value = /^\d{1,5}$/.test(text ?? '') ? Number(text) : Number.NaN
  if (value <= DELAY_MAX_MS) return value
  throw new Error(`a delay is a whole number of milliseconds from 0 to ${DELAY_MAX_MS}`)
}
