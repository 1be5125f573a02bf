/** What the network and the engine do to each call, drawn from the seed; and the switches the nemesis turns. */
import type { Fault, FaultPlan } from 'holdfast/testing'
import type { Random } from '@holdfast/testbed/random'

/** How bad a run is. Probabilities are per call. */
export interface Weather {
  readonly loss: number
  readonly error: number
  readonly duplicate: number
  readonly longDelay: number
  /** A watch that hears nothing, and one that hears what did not happen. */
  readonly hintsLost: number
  readonly hintsEarly: number
}

export const calm: Weather = { loss: 0, error: 0, duplicate: 0, longDelay: 0, hintsLost: 0, hintsEarly: 0 }

export function drawWeather(random: Random): Weather {
  const level = random.pick([0.005, 0.02, 0.02, 0.08])
  return {
    loss: level,
    error: level,
    duplicate: level / 2,
    longDelay: level,
    hintsLost: random.pick([0, 0.1, 0.5, 1]),
    hintsEarly: random.pick([0, 0.05, 0.3]),
  }
}

/** The line of one client to the engine. */
export class Line {
  weather: Weather
  /** Nothing gets through in either direction. */
  cut = false
  readonly #random: Random
  readonly #longMs: number

  constructor(weather: Weather, random: Random, longMs: number) {
    this.weather = weather
    this.#random = random
    this.#longMs = longMs
  }

  readonly plan: FaultPlan = (_, method): Fault | undefined => {
    const random = this.#random
    const { loss, error, duplicate, longDelay, hintsLost, hintsEarly } = this.weather
    const silence = random.chance(0.6) ? 'hangs' : 'throws'
    if (this.cut) return random.chance(0.8) ? { kind: 'lost-request', silence } : { kind: 'unavailable' }
    if (method === 'watch') {
      if (random.chance(hintsLost)) return { kind: 'no-hint' }
      if (random.chance(hintsEarly)) return { kind: 'early-hint' }
      return { kind: 'delayed', replyMs: random.between(0.5, 3) }
    }
    if (random.chance(loss)) return { kind: 'lost-request', silence }
    if (random.chance(loss)) return { kind: 'lost-reply', silence }
    if (random.chance(error)) return { kind: random.pick(['not-applied', 'unavailable']) }
    if (random.chance(duplicate)) return { kind: 'duplicated', afterMs: random.between(0, this.#longMs) }
    if (random.chance(longDelay)) {
      return { kind: 'delayed', requestMs: this.#long(), replyMs: this.#long() }
    }
    return { kind: 'delayed', requestMs: random.between(0.2, 3), replyMs: random.between(0.2, 3) }
  }

  #long(): number {
    return this.#random.chance(0.5) ? this.#random.between(0, this.#longMs) : 1
  }
}
