/** Keeps the credentials of a store URL out of everything that is printed: the printer passes each text through here. */

const MASK = '***'
/** A shorter secret would blank out half of every sentence and tell its length; the URL itself is masked all the same. */
const SECRET_LENGTH_MIN = 3
/** Up to the last `@`: people put passwords into URLs that should have been encoded. */
const USERINFO = /\/\/(.*)@/s
const PARAMETER = /[?&;][^=&;#]*(?:pass|pwd|secret|token|key|auth)[^=&;#]*=([^&;#]*)/gi

export class Secrets {
  readonly #texts = new Set<string>()

  /** Learns what must not be shown of this URL. It need not be well formed. */
  learn(url: string): void {
    const userinfo = USERINFO.exec(url)?.[1]
    const found: string[] = []
    if (userinfo !== undefined) {
      const colon = userinfo.indexOf(':')
      found.push(userinfo, ...(colon < 0 ? [] : [userinfo.slice(colon + 1)]))
    }
    for (const [, value] of url.matchAll(PARAMETER)) if (value !== undefined) found.push(value)
    if (found.length > 0) this.#texts.add(url)
    for (const text of found) {
      for (const form of [text, decoded(text)]) if (form.length >= SECRET_LENGTH_MIN) this.#texts.add(form)
    }
  }

  hide(text: string): string {
    let hidden = text
    // The longest first, so that a part never spoils the whole.
    for (const secret of [...this.#texts].toSorted((a, b) => b.length - a.length)) {
      hidden = hidden.replaceAll(secret, MASK).replaceAll(JSON.stringify(secret).slice(1, -1), MASK)
    }
    return hidden
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
