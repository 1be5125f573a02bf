/** The little the page does by itself: a text under the pointer, and all traces of one token lit together. */
export const hoverScript: string = `
const tip = document.getElementById('tip')
document.addEventListener('pointermove', (event) => {
  const subject = event.target.closest('[data-tip]')
  for (const lit of document.querySelectorAll('svg.lit')) lit.classList.remove('lit')
  for (const same of document.querySelectorAll('.same')) same.classList.remove('same')
  tip.hidden = subject === null
  if (subject === null) return
  tip.textContent = subject.dataset.tip
  tip.style.left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8) + 'px'
  tip.style.top = Math.min(event.clientY + 16, innerHeight - tip.offsetHeight - 8) + 'px'
  if (subject.dataset.token === undefined) return
  const svg = subject.closest('svg')
  for (const other of svg.querySelectorAll('[data-token]')) other.classList.toggle('same', other.dataset.token === subject.dataset.token)
  svg.classList.add('lit')
})
`
