/// <reference lib="dom" />
/** The question before an eviction: it shows whom it hits, and is sent for exactly that holder, once. */
import { element } from './elements.ts'
import { headersOf } from './feed.ts'
import { spellingOf } from './words.ts'

export interface Holder {
  readonly name: string
  readonly owner: string
  readonly token: string
}

const REASON_BYTES_MAX = 500

export class Eviction {
  readonly #dialog = element('evict', HTMLDialogElement)
  readonly #reason = element('reason', HTMLTextAreaElement)
  readonly #send = element('evict-send', HTMLButtonElement)
  readonly #error = element('evict-error', HTMLElement)
  readonly #key: () => string
  readonly #onEvicted: (holder: Holder) => void
  #holder: Holder | undefined

  constructor(key: () => string, onEvicted: (holder: Holder) => void) {
    this.#key = key
    this.#onEvicted = onEvicted
    this.#reason.addEventListener('input', () => this.#count())
    // A line break is no consent.
    this.#reason.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') event.preventDefault()
    })
    this.#send.addEventListener('click', () => void this.#evict())
  }

  ask(holder: Holder): void {
    this.#holder = holder
    element('evict-name', HTMLElement).textContent = holder.name
    element('evict-owner', HTMLElement).textContent = holder.owner
    element('evict-token', HTMLElement).textContent = holder.token
    this.#reason.value = ''
    this.#error.hidden = true
    this.#count()
    this.#dialog.showModal()
    this.#reason.focus()
  }

  #count(): void {
    const bytes = new TextEncoder().encode(this.#reason.value.trim()).length
    this.#send.disabled = bytes < 1 || bytes > REASON_BYTES_MAX
    element('evict-left', HTMLElement).textContent = `${bytes} of ${REASON_BYTES_MAX} bytes`
  }

  async #evict(): Promise<void> {
    const holder = this.#holder
    if (holder === undefined || this.#send.disabled) return
    this.#send.disabled = true
    const problem = await this.#sent(holder)
    if (problem === undefined) {
      this.#dialog.close()
      this.#onEvicted(holder)
      return
    }
    // Nothing is asked again: who holds now is another question.
    this.#error.textContent = problem
    this.#error.hidden = false
  }

  /** What went wrong, in words. */
  async #sent({ name, token }: Holder): Promise<string | undefined> {
    try {
      const answer = await fetch(`/v1/locks/${spellingOf(name)}/evict`, {
        method: 'POST',
        headers: { ...headersOf(this.#key()), 'content-type': 'application/json' },
        body: JSON.stringify({ token, reason: this.#reason.value.trim() }),
      })
      if (answer.ok) return undefined
      const { detail = '', needed } = (await answer.json()) as { readonly detail?: string; readonly needed?: string }
      return answer.status === 412 ? `It changed hands: the last token is ${needed ?? 'another one'}.` : detail
    } catch {
      return 'No answer came: whether it was evicted is not known. Look at the line.'
    }
  }
}
