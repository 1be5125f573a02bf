/** A holds and has read; the store forgets it; B holds as well. What becomes of the late write of A is for the guard to say. */
import type { ScriptedProcess } from '../scripted-process.ts'
import { type Shown, shown } from '../scenario.ts'
import type { ScenarioSetup } from '../scenario-setup.ts'
import type { Answer } from '../steps.ts'

export interface Contest {
  readonly setup: ScenarioSetup
  readonly a: ScriptedProcess
  /** How A comes to hold. @default `hold` */
  readonly begin?: () => Promise<Answer>
  /** Made when B starts: its server may be another one by then. */
  b(): Promise<ScriptedProcess>
  /** What happens while A holds. */
  forget(): Promise<void>
  /** After A was told, so that it can leave. */
  readonly heal?: () => void
}

/** Long enough that B is through before A hears anything at its next renewal. */
export const TWO_HOLDERS_TTL_MS = 6_000

/** Takes the lock and does everything but the write. */
export async function hold(a: ScriptedProcess): Promise<Answer> {
  const answer = await a.does({ do: 'acquire', waitMs: 0 })
  await a.does({ do: 'enter' })
  await a.does({ do: 'read' })
  return answer
}

export async function twoHolders({
  setup,
  a,
  begin = () => hold(a),
  b: start,
  forget,
  heal,
}: Contest): Promise<readonly Shown[]> {
  const first = await begin()
  await forget()
  const b = await start()
  const second = await b.does({ do: 'acquire', waitMs: 0 })
  const believes = await a.does({ do: 'is-held' })
  await b.does({ do: 'enter' })
  await b.does({ do: 'read' })
  await b.does({ do: 'write' })
  const late = await a.does({ do: 'write' })
  const told = await setup.finds(({ p, f }) => p === 'A' && f === 'lost-signal')
  const after = await a.does({ do: 'write' })
  heal?.()
  for (const each of [a, b]) await each.leaves()
  const elements = String(setup.events().find(({ f }) => f === 'final')?.in?.['elements'])
  return [
    shown('B holds while A believes that it does', second.ok && believes.text === 'true', `A: ${believes.text}`),
    shown(
      'the token of B is larger all the same',
      second.ok && BigInt(second.text) > BigInt(first.text),
      `${first.text}, then ${second.text}`,
    ),
    setup.options.guard
      ? shown('the database refuses the write of A', late.text === 'STALE_TOKEN', late.text)
      : shown(
          'the write of A is accepted and overwrites that of B',
          late.ok && !elements.includes('B-'),
          `${late.text}; in the end there is ${elements}`,
        ),
    shown('A is told', told !== undefined && after.text === 'NOT_HELD', `its next write: ${after.text}`),
  ]
}
