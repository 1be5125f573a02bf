/** The page of one process, or of a host: what it holds and waits for, as markup. */
import type { OwnerClaim } from '../owner-claims.ts'
import { html, type Html } from './html.ts'
import { durationText, endText, spellingOf } from './words.ts'

/** Of `GET /v1/claims`. */
export interface OwnerDocument {
  readonly claims: readonly OwnerClaim[]
  readonly hidden: number
  /** Whether all lines were looked at once. */
  readonly isComplete: boolean
}

export interface OwnerView extends OwnerDocument {
  /** When it was told, on the clock of the page. */
  readonly atMs: number
}

export function ownerHtml(owner: string, view: OwnerView | undefined, nowMs: number): Html {
  const head = html`<p><a href="#/">← all locks</a></p>
    <h2 tabindex="-1">${owner}</h2>`
  if (view === undefined)
    return html`${head}
      <p class="soft">Asking the server …</p>`
  const { claims, hidden, isComplete, atMs } = view
  const held = claims.filter(({ state }) => state === 'held').length
  const waiting = claims.filter(({ state }) => state === 'waiting').length
  const processes = [...new Set(claims.map((claim) => claim.owner))]
  const host = owner.includes('/') ? owner.slice(0, owner.lastIndexOf('/')) : ''
  return html`${head}
    <p class="sentence">
      Holds ${held} and waits for
      ${waiting}${hidden === 0 ? '' : ` among the ${claims.length} that end first`}${
        isComplete ? '' : ', as far as this server has looked'
      }.
    </p>
    <p class="soft">
      An owner is what the process says of itself. What ends first comes first.
      ${host === '' ? '' : html`<a href="#/owner/${spellingOf(host)}">All processes of ${host}</a>`}
    </p>
    ${processes.map((process) => tableHtml(process, claims, nowMs - atMs))}
    ${hidden === 0 ? '' : html`<p class="soft">and ${hidden} more</p>`}`
}

function tableHtml(owner: string, claims: readonly OwnerClaim[], passedMs: number): Html {
  const own = claims.filter((claim) => claim.owner === owner)
  const rows = own.map(
    ({ name, state, place, token, forMs, isAtLeast, endsInMs, note }) =>
      html`<tr>
        <td><a href="#/lock/${spellingOf(name)}">${name}</a></td>
        <td>${place === null ? state : `waits, place ${place}`}</td>
        <td>${token ?? '–'}</td>
        <td>${durationText(forMs + passedMs, isAtLeast)}</td>
        <td>${endText(endsInMs, passedMs)}</td>
        <td class="note">${note}</td>
      </tr>`,
  )
  return html`<table>
    <caption>
      ${owner}
    </caption>
    <thead>
      <tr>
        <th scope="col">lock</th>
        <th scope="col">state</th>
        <th scope="col">token</th>
        <th scope="col">since</th>
        <th scope="col">ends in</th>
        <th scope="col">note</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`
}
