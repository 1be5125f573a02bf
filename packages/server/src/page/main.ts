/// <reference lib="dom" />
/** Brings the page to life: follows the stream, draws what the address asks for, and answers the keyboard. */
import type { PastChange } from '../line-history.ts'
import type { LineDocument } from '../line-document.ts'
import { hashOf, keyIn, type Place, placeOf } from './address.ts'
import { announcer, element } from './elements.ts'
import { Eviction, type Holder } from './eviction.ts'
import { type FeedState, followFeed, headersOf } from './feed.ts'
import { LineList } from './line-list.ts'
import { LineTable, type Sort } from './line-table.ts'
import { drawNumbers, type PictureState } from './numbers.ts'
import { type OwnerDocument, ownerHtml, type OwnerView } from './owner-view.ts'
import { lineHtml, type LineView, type StoreDocument, storeHtml } from './views.ts'
import { spellingOf } from './words.ts'

const KEY = 'holdfast-key'
/** Nothing is drawn more often: rows that jump cannot be read. */
const DRAW_MS_MIN = 250
/** Rows take new places only after the reader left them alone for so long. */
const SETTLED_MS = 2_000
/** Renewals are no events, so that the one line that is open is asked for again this often. */
const LINE_MS = 2_000
/** A tab that is hidden for so long gives its connection to others: a browser has six for one server. */
const HIDDEN_MS_MAX = 60_000

class Page {
  readonly #table = new LineTable()
  readonly #list = new LineList(() => this.draw())
  readonly #say = announcer()
  readonly #eviction = new Eviction(
    () => this.#key,
    ({ name }) => this.#say(`The holder of ${name} was evicted.`),
  )
  #key = sessionStorage.getItem(KEY) ?? ''
  #place: Place = placeOf(location.hash)
  #store: StoreDocument | undefined
  #state: PictureState | undefined
  #feed = new AbortController()
  #line: LineView | undefined
  #owner: OwnerView | undefined
  #missed = 0
  #isPaused = false
  /** All locks were told once. */
  #isReady = false
  #touchedMs = Number.NEGATIVE_INFINITY
  #timer: ReturnType<typeof setTimeout> | undefined
  #hidden: ReturnType<typeof setTimeout> | undefined

  begin(): void {
    this.#takeKey()
    addEventListener('hashchange', () => this.#arrive())
    addEventListener('keydown', (event) => this.#onKey(event))
    document.addEventListener('visibilitychange', () => this.#onVisibility())
    for (const name of ['pointermove', 'wheel'] as const) {
      element('scroll', HTMLElement).addEventListener(name, () => (this.#touchedMs = performance.now()), {
        passive: true,
      })
    }
    for (const id of ['text', 'wanted', 'contended', 'sort'])
      element(id, HTMLElement).addEventListener('input', () => this.#filter())
    element('filter', HTMLFormElement).addEventListener('submit', (event) => event.preventDefault())
    element('pause', HTMLButtonElement).addEventListener('click', () => this.#pause())
    element('help', HTMLButtonElement).addEventListener('click', () => element('keys', HTMLDialogElement).showModal())
    element('one', HTMLElement).addEventListener('click', (event) => this.#onEvictButton(event.target))
    element('door', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      this.#use(element('key', HTMLInputElement).value.trim())
    })
    setInterval(() => this.draw(), 1_000)
    setInterval(() => void Promise.all([this.#askLine(), this.#askOwner()]), LINE_MS)
    this.#arrive()
    this.#connect()
  }

  /** At once, or when the last drawing is long enough ago. */
  draw(): void {
    if (this.#timer !== undefined) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (!this.#isPaused) this.#drawNow()
    }, DRAW_MS_MIN)
  }

  #drawNow(): void {
    const nowMs = performance.now()
    const place = this.#place
    element('lines', HTMLElement).hidden = place.view !== 'lines'
    element('one', HTMLElement).hidden = place.view === 'lines'
    drawNumbers(this.#table.totals(nowMs), this.#state)
    if (place.view === 'lines') {
      const isSettled = nowMs - this.#touchedMs > SETTLED_MS
      this.#list.draw(this.#table, place.filter, isSettled, nowMs)
    } else if (place.view === 'line') {
      this.#put(lineHtml(place.name, this.#table.row(place.name), this.#line, nowMs).text)
    } else if (place.view === 'owner') {
      this.#put(ownerHtml(place.owner, this.#owner, nowMs).text)
    } else {
      this.#put(this.#store === undefined ? '' : storeHtml(this.#store).text)
    }
    document.documentElement.dataset['ready'] = String(this.#isReady)
  }

  /** A button that has the focus keeps it. */
  #put(markup: string): void {
    const one = element('one', HTMLElement)
    if (one.dataset['markup'] === markup) return
    one.dataset['markup'] = markup
    const { activeElement } = document
    const token =
      activeElement !== null && one.contains(activeElement) ? activeElement.getAttribute('data-evict') : null
    one.innerHTML = markup
    if (token !== null) one.querySelector<HTMLElement>(`[data-evict="${token}"]`)?.focus()
  }

  #connect(): void {
    this.#feed.abort()
    this.#feed = new AbortController()
    const { signal } = this.#feed
    void this.#askStore().then(() => {
      if (signal.aborted) return
      const url = `/v1/observe?prefix=${encodeURIComponent(this.#store?.may.prefix ?? '')}`
      const onEvent = (event: string, data: unknown): void => this.#onEvent(event, data)
      return followFeed({ url, key: this.#key, signal, onEvent, onState: (state) => this.#onState(state) })
    })
  }

  #onVisibility(): void {
    clearTimeout(this.#hidden)
    if (document.hidden) this.#hidden = setTimeout(() => this.#feed.abort(), HIDDEN_MS_MAX)
    else if (this.#feed.signal.aborted) this.#connect()
  }

  #onEvent(event: string, data: unknown): void {
    this.#table.apply(event, data, performance.now())
    if (event === 'state') this.#state = data as PictureState
    if (event === 'ready') this.#isReady = true
    if (this.#isPaused) element('pause', HTMLElement).textContent = `paused, ${(this.#missed += 1)} missed`
    const { name } = data as { readonly name?: string }
    if (this.#place.view === 'line' && this.#place.name === name) void this.#askLine()
    this.draw()
  }

  #onState(state: FeedState): void {
    // The key is of one run of the server. Programs of its machine may read without one.
    if (state === 'refused' && this.#key !== '') return this.#use('')
    const texts = { live: 'live', away: 'reconnecting …', refused: 'not let in' }
    element('state', HTMLElement).textContent = texts[state]
    element('state', HTMLElement).classList.toggle('away', state !== 'live')
    document.body.classList.toggle('away', state !== 'live')
    element('door', HTMLElement).hidden = state !== 'refused'
    if (state !== 'live') this.#say(texts[state])
  }

  async #askStore(): Promise<void> {
    this.#store = (await this.#get('/v1/store')) as StoreDocument | undefined
    const { facts, namespace } = this.#store ?? {}
    element('store', HTMLElement).textContent =
      facts === undefined ? 'store' : `${namespace} · ${facts.engine} · ${facts.safetyClass}`
    this.draw()
  }

  async #askLine(): Promise<void> {
    const place = this.#place
    if (place.view !== 'line' || this.#isPaused || document.hidden) return
    const path = `/v1/locks/${spellingOf(place.name)}`
    const [line, past] = await Promise.all([this.#get(path), this.#get(`${path}/history`)])
    if (line === undefined || this.#place !== place) return
    const { changes } = (past ?? { changes: [] }) as { readonly changes: readonly PastChange[] }
    this.#line = { line: line as LineDocument, atMs: performance.now(), changes, cannotEvict: this.#cannotEvict }
    this.draw()
  }

  async #askOwner(): Promise<void> {
    const place = this.#place
    if (place.view !== 'owner' || this.#isPaused || document.hidden) return
    const prefix = encodeURIComponent(this.#store?.may.prefix ?? '')
    const owned = await this.#get(`/v1/claims?owner=${encodeURIComponent(place.owner)}&prefix=${prefix}`)
    if (owned === undefined || this.#place !== place) return
    this.#owner = { ...(owned as OwnerDocument), atMs: performance.now() }
    this.draw()
  }

  async #get(path: string): Promise<unknown> {
    const answer = await fetch(path, { headers: headersOf(this.#key), cache: 'no-store' }).catch(() => undefined)
    return answer?.ok === true ? await answer.json() : undefined
  }

  get #cannotEvict(): string | undefined {
    if (this.#store?.may.scopes.includes('operate') === true) return undefined
    return 'this needs the scope "operate": open the link that holdfast serve printed, or use a token that has it'
  }

  #arrive(): void {
    this.#takeKey()
    this.#place = placeOf(location.hash)
    this.#line = undefined
    this.#owner = undefined
    if (this.#place.view === 'lines') {
      const { text: wanted, state, onlyContended, sort } = this.#place.filter
      element('text', HTMLInputElement).value = wanted
      element('wanted', HTMLSelectElement).value = state
      element('contended', HTMLInputElement).checked = onlyContended
      element('sort', HTMLSelectElement).value = sort
      this.#touchedMs = Number.NEGATIVE_INFINITY
    }
    if (this.#place.view === 'store') void this.#askStore()
    void Promise.all([this.#askLine(), this.#askOwner()])
    this.#drawNow()
    element('one', HTMLElement).querySelector('h2')?.focus()
  }

  #filter(): void {
    const filter = {
      text: element('text', HTMLInputElement).value,
      state: element('wanted', HTMLSelectElement).value,
      onlyContended: element('contended', HTMLInputElement).checked,
      sort: element('sort', HTMLSelectElement).value as Sort,
    }
    history.replaceState(null, '', hashOf({ view: 'lines', filter }))
    this.#place = { view: 'lines', filter }
    this.#touchedMs = Number.NEGATIVE_INFINITY
    this.draw()
  }

  /** The link of `holdfast serve` carries a key, which is not left in the address for others to read. */
  #takeKey(): void {
    const key = keyIn(location.hash)
    if (key === undefined) return
    history.replaceState(null, '', '#/')
    this.#use(key)
  }

  #use(key: string): void {
    this.#key = key
    sessionStorage.setItem(KEY, key)
    this.#connect()
  }

  #pause(): void {
    this.#isPaused = !this.#isPaused
    this.#missed = 0
    const button = element('pause', HTMLElement)
    button.setAttribute('aria-pressed', String(this.#isPaused))
    button.textContent = this.#isPaused ? 'paused' : 'pause'
    this.draw()
  }

  #onEvictButton(target: EventTarget | null): void {
    const button = target instanceof HTMLButtonElement ? target : undefined
    const { evict: token, owner = '' } = button?.dataset ?? {}
    if (token !== undefined && this.#place.view === 'line') this.#eviction.ask({ name: this.#place.name, owner, token })
  }

  #evictChosen(): void {
    const name = this.#place.view === 'line' ? this.#place.name : this.#list.selected
    const row = this.#table.row(name)?.row
    if (row?.state !== 'held' || row.token === null) return
    const holder: Holder = { name, owner: row.owner, token: row.token }
    if (this.#cannotEvict === undefined) this.#eviction.ask(holder)
    else this.#say(this.#cannotEvict)
  }

  #onKey(event: KeyboardEvent): void {
    const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement
    if (document.querySelector('dialog[open]') !== null || event.ctrlKey || event.metaKey || event.altKey) return
    // A link or a button that has the focus does what it says.
    if (event.key === 'Enter' && event.target instanceof Element && event.target.matches('a, button')) return
    if (event.key === 'Escape') return isTyping ? event.target.blur() : void (location.hash = '#/')
    const action = isTyping ? undefined : this.#actions[event.key]
    if (action === undefined) return
    event.preventDefault()
    action()
    this.#drawNow()
  }

  readonly #actions: Readonly<Record<string, () => void>> = {
    '/': () => element('text', HTMLInputElement).focus(),
    ArrowDown: () => this.#list.move(1),
    j: () => this.#list.move(1),
    ArrowUp: () => this.#list.move(-1),
    k: () => this.#list.move(-1),
    Enter: () => {
      if (this.#list.selected !== '') location.hash = hashOf({ view: 'line', name: this.#list.selected })
    },
    e: () => this.#evictChosen(),
    p: () => this.#pause(),
    '1': () => void (location.hash = '#/'),
    '2': () => void (location.hash = '#/store'),
    '?': () => element('keys', HTMLDialogElement).showModal(),
  }
}

new Page().begin()
