/** What keys do to the live view: which lock is looked at, which names are shown, and the questions before an eviction. */
import type { ClaimView } from 'holdfast'
import type { Key } from './keyboard.ts'
import type { NamedLine } from './look.ts'
import { charactersOf } from './text.ts'
import type { View } from './watch-view.ts'

/** As long as a name may be. */
const FILTER_LENGTH_MAX = 200
const PAGE_ROWS = 10
/** As the library takes it. */
export const REASON_BYTES = 500

/** The holder as it was when `e` was pressed. It is never exchanged for another one: an eviction is sent for this token. */
export interface EvictionForm {
  readonly name: string
  readonly token: bigint
  readonly owner: string
  readonly note: string
  readonly reason: string
  readonly step: 'reason' | 'consent'
}

/** What a key asks of the view beyond another picture. */
export type Effect =
  | { readonly kind: 'quit' }
  /** Other names are wanted. */
  | { readonly kind: 'look' }
  | { readonly kind: 'evict'; readonly form: EvictionForm }

export class WatchControls {
  filter = ''
  isFiltering = false
  /** The lock whose page is open. */
  opened: string | undefined
  form: EvictionForm | undefined
  /** What came of the last key. */
  notice: string | undefined
  #name: string | undefined
  #claimId: string | undefined
  #index = 0
  #claimIndex = 0

  matches(name: string): boolean {
    return name.toLowerCase().includes(this.filter.toLowerCase())
  }

  shown(view: View): readonly NamedLine[] {
    return view.lines.filter(({ name }) => this.matches(name))
  }

  /** Of the list: the same lock while it is shown, else the one that took its place. */
  selected(view: View): NamedLine | undefined {
    const shown = this.shown(view)
    const found = shown.findIndex(({ name }) => name === this.#name)
    this.#index = found < 0 ? Math.min(this.#index, Math.max(0, shown.length - 1)) : found
    this.#name = shown[this.#index]?.name ?? this.#name
    return shown[this.#index]
  }

  openedLine(view: View): NamedLine | undefined {
    return view.lines.find(({ name }) => name === this.opened)
  }

  /** Of the page of one lock. */
  selectedClaim(view: View): ClaimView | undefined {
    const claims = this.openedLine(view)?.line.claims ?? []
    const found = claims.findIndex(({ id }) => id === this.#claimId)
    this.#claimIndex = found < 0 ? Math.min(this.#claimIndex, Math.max(0, claims.length - 1)) : found
    this.#claimId = claims[this.#claimIndex]?.id
    return claims[this.#claimIndex]
  }

  press(key: Key, view: View): Effect | undefined {
    this.notice = undefined
    if (this.form !== undefined) return this.#answer(this.form, key)
    if (this.isFiltering) return this.#edit(key)
    if (key.name === 'text') return this.#command(key.text, view)
    if (key.name === 'enter') return this.#open(view)
    if (key.name === 'escape' || key.name === 'left' || key.name === 'backspace') return this.#back()
    this.#move(key.name, view)
    return undefined
  }

  #command(text: string, view: View): Effect | undefined {
    switch (text) {
      case 'q':
        return { kind: 'quit' }
      case '/':
        this.opened = undefined
        this.isFiltering = true
        return undefined
      case 'e':
        return this.#ask(view)
      case 'j':
        this.#move('down', view)
        return undefined
      case 'k':
        this.#move('up', view)
        return undefined
      default:
        return undefined
    }
  }

  #move(name: Key['name'], view: View): void {
    const steps: Partial<Record<Key['name'], number>> = {
      up: -1,
      down: 1,
      pageup: -PAGE_ROWS,
      pagedown: PAGE_ROWS,
      home: Number.NEGATIVE_INFINITY,
      end: Number.POSITIVE_INFINITY,
    }
    const step = steps[name] ?? 0
    if (this.opened === undefined) {
      const shown = this.shown(view)
      this.selected(view)
      this.#index = moved(this.#index, step, shown.length)
      this.#name = shown[this.#index]?.name
    } else {
      const claims = this.openedLine(view)?.line.claims ?? []
      this.selectedClaim(view)
      this.#claimIndex = moved(this.#claimIndex, step, claims.length)
      this.#claimId = claims[this.#claimIndex]?.id
    }
  }

  #open(view: View): Effect | undefined {
    const named = this.opened === undefined ? this.selected(view) : undefined
    if (named === undefined) return undefined
    this.opened = named.name
    this.#claimId = named.line.claims[0]?.id
    return { kind: 'look' }
  }

  #back(): Effect | undefined {
    if (this.opened === undefined && this.filter === '') return undefined
    if (this.opened === undefined) this.filter = ''
    this.opened = undefined
    return { kind: 'look' }
  }

  #edit(key: Key): Effect | undefined {
    if (key.name === 'enter') this.isFiltering = false
    else if (key.name === 'escape') [this.isFiltering, this.filter] = [false, '']
    else this.filter = charactersOf(edited(this.filter, key)).slice(0, FILTER_LENGTH_MAX).join('')
    return { kind: 'look' }
  }

  /** Only for a holder that a person has in sight: of several, the one that is marked on the page of the lock. */
  #ask(view: View): Effect | undefined {
    const named = this.opened === undefined ? this.selected(view) : this.openedLine(view)
    const holders = named?.line.claims.filter(({ state }) => state === 'held') ?? []
    if (this.opened === undefined && holders.length > 1) {
      this.notice = `${holders.length} hold it: choose one with the arrows, then e`
      return this.#open(view)
    }
    const claim = this.opened === undefined ? holders[0] : this.selectedClaim(view)
    if (named === undefined || claim?.state !== 'held' || claim.token === undefined) {
      this.notice = 'only a holder can be evicted'
      return undefined
    }
    const { token, owner, note } = claim
    this.form = { name: named.name, token, owner, note, reason: '', step: 'reason' }
    return undefined
  }

  #answer(form: EvictionForm, key: Key): Effect | undefined {
    if (form.step === 'consent') {
      const isYes = key.name === 'text' && key.text.toLowerCase() === 'y'
      this.form = undefined
      this.notice = isYes ? undefined : 'nothing was done'
      return isYes ? { kind: 'evict', form } : undefined
    }
    if (key.name === 'escape') [this.form, this.notice] = [undefined, 'nothing was done']
    else if (key.name !== 'enter') this.form = { ...form, reason: shortened(edited(form.reason, key)) }
    else if (form.reason.trim() !== '') this.form = { ...form, reason: form.reason.trim(), step: 'consent' }
    return undefined
  }
}

function moved(index: number, step: number, length: number): number {
  return Math.max(0, Math.min(length - 1, index + step))
}

function edited(text: string, key: Key): string {
  if (key.name === 'text') return text + key.text
  if (key.name === 'erase') return ''
  if (key.name !== 'backspace') return text
  return charactersOf(text).slice(0, -1).join('')
}

/** As long as a store takes; what is typed beyond is not taken. */
function shortened(text: string): string {
  const kept = [...charactersOf(text)]
  while (Buffer.byteLength(kept.join('')) > REASON_BYTES) kept.pop()
  return kept.join('')
}
