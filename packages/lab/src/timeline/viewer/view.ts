/** Which part of the run is shown: zoomed and moved, never beyond its ends. */

export interface View {
  readonly fromMs: number
  readonly toMs: number
}

/** A microsecond is as exact as the page knows times. */
const SHORTEST_MS = 0.05

export function whole(lengthMs: number): View {
  return { fromMs: 0, toMs: Math.max(lengthMs, SHORTEST_MS) }
}

/** `factor` below 1 shows less; the moment under the pointer stays where it is. */
export function zoomed(view: View, factor: number, aroundMs: number, lengthMs: number): View {
  const shownMs = view.toMs - view.fromMs
  const nextMs = Math.min(Math.max(shownMs * factor, SHORTEST_MS), whole(lengthMs).toMs)
  const share = (aroundMs - view.fromMs) / shownMs
  return within({ fromMs: aroundMs - nextMs * share, toMs: aroundMs + nextMs * (1 - share) }, lengthMs)
}

export function moved(view: View, byMs: number, lengthMs: number): View {
  return within({ fromMs: view.fromMs + byMs, toMs: view.toMs + byMs }, lengthMs)
}

/** As much as before, around another moment. */
export function centred(view: View, atMs: number, lengthMs: number): View {
  return moved(view, atMs - (view.fromMs + view.toMs) / 2, lengthMs)
}

/** Between two moments, in whichever order. */
export function between(oneMs: number, otherMs: number, lengthMs: number): View {
  const [fromMs, toMs] = [Math.min(oneMs, otherMs), Math.max(oneMs, otherMs)]
  return within({ fromMs, toMs: Math.max(toMs, fromMs + SHORTEST_MS) }, lengthMs)
}

/** Keeps its length, and moves it to where the run is. */
function within({ fromMs, toMs }: View, lengthMs: number): View {
  const end = whole(lengthMs).toMs
  const shown = Math.min(toMs - fromMs, end)
  const from = Math.min(Math.max(fromMs, 0), end - shown)
  return { fromMs: from, toMs: from + shown }
}

/** Round moments on the axis, at most so many. */
export function ticksOf(view: View, ticksMax: number): { readonly stepMs: number; readonly atMs: readonly number[] } {
  const least = (view.toMs - view.fromMs) / ticksMax
  const power = 10 ** Math.floor(Math.log10(least))
  const stepMs = ([1, 2, 5, 10].find((times) => power * times >= least) ?? 10) * power
  const atMs: number[] = []
  for (let count = Math.ceil(view.fromMs / stepMs); count * stepMs <= view.toMs; count += 1) atMs.push(count * stepMs)
  return { stepMs, atMs }
}

/** Seconds with as many places as the step has. */
export function secondsText(ms: number, stepMs: number): string {
  const places = Math.max(0, Math.ceil(-Math.log10(stepMs / 1000)))
  return `${(ms / 1000).toFixed(Math.min(places, 6))} s`
}
