/** What the page shows, as markup: rows of the list, one lock, the store. */
import type { LineDocument } from '../line-document.ts'
import type { PastChange } from '../line-history.ts'
import type { LineRow } from '../line-row.ts'
import { html, type Html } from './html.ts'
import type { TimedRow } from './line-table.ts'
import { durationText, endText, lineSentence, spellingOf, stateText } from './words.ts'

/** Of `GET /v1/store`. */
export interface StoreDocument {
  readonly namespace: string
  readonly openedAt: number
  readonly facts: {
    readonly engine: string
    readonly safetyClass: string
    readonly reasons: readonly string[]
    readonly tokens: string
    readonly wakeUp: string
    readonly lockRisks: readonly string[]
    readonly tokenRisks: readonly string[]
    readonly unsupported: Readonly<Record<string, string>>
  }
  readonly changes: readonly { readonly at: number; readonly before: { readonly safetyClass: string } }[]
  readonly may: { readonly scopes: readonly string[]; readonly prefix: string }
}

/** More claims are a number, and not a thousand rows. */
const CLAIMS_MAX = 200
/** Enough to tell one token from the next; the whole one stands on the page of the lock. */
const TOKEN_END = 6

export function rowHtml({ row, atMs }: TimedRow, index: number, selected: string, nowMs: number): Html {
  const passedMs = nowMs - atMs
  const isSelected = row.name === selected
  const token = row.token === null ? '–' : `…${row.token.slice(-TOKEN_END)}`
  const since = row.state === 'unreadable' ? '–' : durationText(row.forMs + passedMs, row.isAtLeast)
  const oldest = row.oldestWaitMs === null ? '–' : durationText(row.oldestWaitMs + passedMs)
  return html`<tr role="row" aria-rowindex="${index + 2}" class="${row.state}" aria-selected="${String(isSelected)}">
    <td role="cell" class="name"><a href="#/lock/${spellingOf(row.name)}">${row.name}</a></td>
    <td role="cell" class="kind">${row.kind ?? '–'}</td>
    <td role="cell" class="state">${stateText(row)}</td>
    <td role="cell" class="owner" title="${row.owner}">${ownerLink(row.owner, holderText(row))}</td>
    <td role="cell" class="token">${token}</td>
    <td role="cell" class="since">${since}</td>
    <td role="cell" class="ends">${endText(row.endsInMs, passedMs)}</td>
    <td role="cell" class="waiters">${row.waiters === 0 ? '0' : `${row.waiters} wait`}</td>
    <td role="cell" class="oldest">${oldest}</td>
  </tr>`
}

function ownerLink(owner: string, text: string): Html | string {
  return owner === '' ? text : html`<a href="#/owner/${spellingOf(owner)}">${text}</a>`
}

function holderText(row: LineRow): string {
  if (row.state === 'unreadable') return row.why ?? ''
  return row.holders > 1 ? `${row.owner} +${row.holders - 1}` : row.owner
}

export interface LineView {
  readonly line: LineDocument
  /** When it was told, on the clock of the page. */
  readonly atMs: number
  readonly changes: readonly PastChange[]
  /** Why this reader may not evict; undefined when it may. */
  readonly cannotEvict: string | undefined
}

export function lineHtml(name: string, known: TimedRow | undefined, view: LineView | undefined, nowMs: number): Html {
  const sentence =
    known === undefined ? 'Free: none holds it and none waits.' : lineSentence(known.row, nowMs - known.atMs)
  const head = html`<p><a href="#/">← all locks</a></p>
    <h2 tabindex="-1">${name}</h2>
    <p class="sentence">${sentence}</p>`
  if (view === undefined)
    return html`${head}
      <p class="soft">Asking the store …</p>`
  const { line, atMs, changes, cannotEvict } = view
  const shown = line.claims.slice(0, CLAIMS_MAX)
  const more = line.claims.length - shown.length + (line.hidden ?? 0)
  const claims = shown.map(
    ({ state, owner, token, weight, endsInMs, note }, index) =>
      html`<tr>
        <td>${index + 1}</td>
        <td>${ownerLink(owner, owner)}</td>
        <td>${state}</td>
        <td>${token ?? '–'}</td>
        <td>${weight}</td>
        <td>${endText(endsInMs, nowMs - atMs)}</td>
        <td class="note">${note}</td>
        <td>${state === 'held' && token !== null ? evictButton(owner, token, cannotEvict) : ''}</td>
      </tr>`,
  )
  return html`${head}
    <p class="soft">last token ${line.lastToken}</p>
    <table>
      <caption>
        The line, oldest first
      </caption>
      <thead>
        <tr>
          <th scope="col">#</th>
          <th scope="col">owner</th>
          <th scope="col">state</th>
          <th scope="col">token</th>
          <th scope="col">weight</th>
          <th scope="col">ends in</th>
          <th scope="col">note</th>
          <th scope="col"><span class="unseen">evict</span></th>
        </tr>
      </thead>
      <tbody>
        ${claims}
      </tbody>
    </table>
    ${more === 0 ? '' : html`<p class="soft">and ${more} more</p>`}
    <h3>What this server saw of it</h3>
    <ol class="events" aria-label="changes, the newest first">
      ${changes.toReversed().map(changeHtml)}
    </ol>`
}

function evictButton(owner: string, token: string, cannotEvict: string | undefined): Html {
  if (cannotEvict !== undefined) return html`<button disabled title="${cannotEvict}">Evict…</button>`
  return html`<button data-evict="${token}" data-owner="${owner}">Evict…</button>`
}

function changeHtml({ kind, owner, token, forMs, isAtLeast, at }: PastChange): Html {
  const time = new Date(at).toISOString().slice(11, 19)
  const after = forMs === null ? '' : ` ${kind === 'held' ? 'after' : 'held'} ${durationText(forMs, isAtLeast)}`
  const what =
    kind === 'missed' ? 'taken and given back between two looks' : `${kind}${kind === 'waiting' ? '' : after}`
  return html`<li class="${kind}">
    <time datetime="${new Date(at).toISOString()}">${time} UTC</time> ${owner} ${what}
    ${token === null ? '' : `token ${token}`}
  </li>`
}

export function storeHtml({ namespace, facts, openedAt, changes }: StoreDocument): Html {
  const list = (texts: readonly string[], none: string): Html =>
    texts.length === 0
      ? html`<p>${none}</p>`
      : html`<ul>
          ${texts.map((text) => html`<li>${text}</li>`)}
        </ul>`
  const unsupported = Object.entries(facts.unsupported).map(([what, why]) => `${what}: ${why}`)
  const before = changes.map(({ at, before }) => `${new Date(at).toISOString()}: it was ${before.safetyClass} before`)
  return html`<p><a href="#/">← all locks</a></p>
    <h2 tabindex="-1">${facts.engine}</h2>
    <p class="sentence">
      Namespace ${namespace}. Safety class: ${facts.safetyClass}. Seen since ${new Date(openedAt).toISOString()}, when
      this server started.
    </p>
    <h3>Why this class</h3>
    ${list(facts.reasons, 'No reason is given.')}
    <h3>What can take a lock away from a holder that renews</h3>
    ${list(facts.lockRisks, 'Nothing that is known.')}
    <h3>What can make a token not rise</h3>
    ${list(facts.tokenRisks, 'Nothing that is known.')}
    <h3>Tokens</h3>
    <p>${facts.tokens}</p>
    <h3>What it cannot do</h3>
    ${list(unsupported, 'Nothing is missing.')}
    <h3>Changes of what it promises</h3>
    ${list(before, 'None since this server started.')}`
}
