/** Plays a scenario in all its takes. */
import { join } from 'node:path'
import type { HistoryEvent } from '@holdfast/testbed/history'
import type { Scenario, Shown, Take } from './scenario.ts'
import { ScenarioSetup } from './scenario-setup.ts'

export interface PlayedTake {
  readonly take: Take
  readonly shown: readonly Shown[]
  readonly events: readonly HistoryEvent[]
}

export async function replay(scenario: Scenario, folder: string): Promise<readonly PlayedTake[]> {
  const played: PlayedTake[] = []
  for (const [index, take] of scenario.takes.entries()) {
    await using setup = new ScenarioSetup({ ...take, folder: join(folder, `take-${index + 1}`) })
    const killAll = (): void => setup.killAll()
    process.once('exit', killAll)
    try {
      const shown = await take.play(setup)
      played.push({ take, shown, events: setup.events() })
    } finally {
      process.removeListener('exit', killAll)
    }
  }
  return played
}
