/// <reference lib="dom" />
/** The elements that the page was written with: one that is missing is a mistake of this package, and said to be. */

export function element<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id)
  if (!(found instanceof type)) throw new Error(`the page has no ${type.name} "${id}"`)
  return found
}

/** Says it to readers that listen to the page: at most one message in 5 s, the newest. */
export function announcer(): (message: string) => void {
  const live = element('live', HTMLElement)
  const [pauseMs, state] = [5_000, { due: '', isBusy: false }]
  const say = (): void => {
    if (state.due === '' || state.isBusy) return
    live.textContent = state.due
    Object.assign(state, { due: '', isBusy: true })
    setTimeout(() => {
      state.isBusy = false
      say()
    }, pauseMs)
  }
  return (message) => {
    state.due = message
    say()
  }
}
