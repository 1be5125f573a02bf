/** Plays a scenario in all its takes. */
import { join } from 'node:path'
import type { HistoryEvent } from '../../timeline/history.ts'
import type { Scenario, Shown, Take } from './scenario.ts'
import { Stage } from './stage.ts'

export interface PlayedTake {
  readonly take: Take
  readonly shown: readonly Shown[]
  readonly events: readonly HistoryEvent[]
}

export async function replay(scenario: Scenario, folder: string): Promise<readonly PlayedTake[]> {
  const played: PlayedTake[] = []
  for (const [index, take] of scenario.takes.entries()) {
    const place = join(folder, `take-${index + 1}`)
    const stage = new Stage({ ...take, folder: place, storeUrl: `sqlite:${join(place, 'locks.db')}` })
    const close = (): void => stage.close()
    process.once('exit', close)
    try {
      const shown = await take.play(stage)
      played.push({ take, shown, events: stage.events() })
    } finally {
      stage.close()
      process.removeListener('exit', close)
    }
  }
  return played
}
