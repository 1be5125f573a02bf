/** Beside the timeline: one lock at a time, and links that open the piece they lead to. */
import { escapeText } from '../../timeline/escape.ts'

export function filterBar(names: readonly string[]): string {
  const options = names.map((name) => `<option>${escapeText(name)}</option>`).join('')
  return `<p><label>Show <select id="only"><option value="">all locks</option>${options}</select></label> <button id="open-all" type="button">open all pieces</button></p>`
}

export const filterStyle: string = `
svg .other{display:none}
details{margin:.6rem 0}
summary{cursor:pointer}
table{border-collapse:collapse;margin:.8rem 0}
th,td{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0}
`

export const filterScript: string = `
const only = document.getElementById('only')
only.addEventListener('change', () => {
  for (const part of document.querySelectorAll('svg [data-k]')) part.classList.toggle('other', only.value !== '' && part.dataset.k !== only.value)
})
document.getElementById('open-all').addEventListener('click', () => {
  for (const piece of document.querySelectorAll('details')) piece.open = true
})
const openTarget = () => {
  const piece = document.getElementById(location.hash.slice(1))
  if (piece instanceof HTMLDetailsElement) piece.open = true
}
addEventListener('hashchange', openTarget)
openTarget()
`
