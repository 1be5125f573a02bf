/**
 * When each process goes on from the point it announced. What an act shows hangs on the order of events alone: on no
 * clock, and on no machine that is quick enough.
 */
import type { ChildProcess } from '@holdfast/testbed/child-processes'
import type { HistoryEvent, Recorder } from '@holdfast/testbed/history'
import { type Act, SEAT_KEY } from './acts.ts'

/** What a cue does to a process. */
export type Actor = Pick<ChildProcess, 'name' | 'goOn' | 'stop' | 'resume'>

export type Cues = (event: HistoryEvent, from: Actor) => void

/** Answers every announced point with "go on", when it is time. */
export function cuesOf(act: Act, conductor: Recorder): Cues {
  return act.pause ? pauseOfTheFirst(conductor) : crowdFirst()
}

/**
 * No buyer writes before a second one has looked. Anywhere else that is so by itself; on a machine that hardly runs the
 * other processes the seat would be sold once, by luck.
 */
function crowdFirst(): Cues {
  const looked = new Set<string | undefined>()
  let held: Actor[] = []
  return (event, from) => {
    if (event.f === 'read' && event.out?.['free'] === true) looked.add(event.c)
    if (event.f === 'paid') held.push(from)
    if (looked.size < 2) return
    for (const process of held) process.goOn()
    held = []
  }
}

/** Stops the first that has paid, until another one has written a ticket. */
function pauseOfTheFirst(conductor: Recorder): Cues {
  let stopped: Actor | undefined
  let resumed = false
  return (event, from) => {
    if (event.f === 'paid') {
      if (stopped !== undefined) return from.goOn()
      stopped = from
      from.stop()
      conductor.signal('nemesis', SEAT_KEY, { kind: 'pause', target: from.name })
      return
    }
    if (stopped === undefined || resumed) return
    const successorHasWritten = event.f === 'write' && event.e === 'ok' && from !== stopped
    if (!successorHasWritten) return
    resumed = true
    conductor.signal('nemesis', SEAT_KEY, { kind: 'resume', target: stopped.name })
    stopped.resume()
    stopped.goOn()
  }
}
