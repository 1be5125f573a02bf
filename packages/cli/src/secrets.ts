/** Keeps the credentials of a store URL out of everything that is printed: the printer passes each text through here. */

const MASK = '***'
/** A shorter secret would blank out half of every sentence and tell its length; the URL itself is masked all the same. */
const SECRET_LENGTH_MIN = 3
const SCHEME = /^[a-z][a-z0-9+.-]*(?=:)/i
/** Up to the last `@`: people put passwords into URLs that should have been encoded. */
const USERINFO = /\/\/(.*)@/s
/** Of one server among several, or of one list among two. */
const PASSWORD = /[/,=][^/,=:@]*:([^,?@]*)@/g
const PARAMETER = /[?&;][^=&;#]*(?:pass|pwd|secret|token|key|auth)[^=&;#]*=([^&;#]*)/gi
/** A user name without a password may be a token; this is how names look, and tokens do not. */
const NAME = /^[a-z][a-z_-]{0,31}$/i
/** Stand in our own sentences: a blank in the place of one of them would spell it, and the sentence would be spoilt. */
const OWN_WORDS: ReadonlySet<string> = new Set(
  (
    'cluster command database default doctor dynamodb etcd evict file folder holdfast host http https inspect kubernetes lease lock locks mariadb memory ' +
    'mysql name namespace nats node password path port postgres redis rediss redlock run secret sentinel server sqlite store ' +
    'token unknown url user watch zookeeper'
  ).split(' '),
)

export class Secrets {
  readonly #texts = new Set<string>()

  /** Learns what must not be shown of this URL. It need not be well formed. */
  learn(url: string): void {
    const userinfo = USERINFO.exec(url)?.[1]
    const parameters = [...url.matchAll(PARAMETER)].map(([, value = '']) => value)
    if (userinfo === undefined && parameters.length === 0) return
    this.#texts.add(url)
    for (const text of parameters) this.#hideBare(text, url)
    if (userinfo === undefined) return
    // Where a URL has several, each has its own.
    for (const [, text = ''] of url.matchAll(PASSWORD)) this.#hideBare(text, url)
    const colon = userinfo.indexOf(':')
    // With the sign behind it, it is no other word.
    this.#texts.add(`${userinfo}@`)
    if (colon >= 0) {
      this.#texts.add(userinfo)
      this.#hideBare(userinfo.slice(colon + 1), url)
    } else if (!NAME.test(userinfo)) this.#hideBare(userinfo, url)
  }

  /** Learns a secret that stands outside of any URL. */
  learnBare(text: string): void {
    this.#hideBare(text, '')
  }

  hide(text: string): string {
    let hidden = text
    // The longest first, so that a part never spoils the whole.
    for (const secret of [...this.#texts].toSorted((a, b) => b.length - a.length)) {
      hidden = hidden.replaceAll(secret, MASK).replaceAll(JSON.stringify(secret).slice(1, -1), MASK)
    }
    return hidden
  }

  /** Wherever it stands. */
  #hideBare(text: string, url: string): void {
    const own = new Set([...OWN_WORDS, ...(SCHEME.exec(url)?.[0].toLowerCase().split('+') ?? [])])
    for (const form of [text, decoded(text)]) {
      if (form.length >= SECRET_LENGTH_MIN && !own.has(form.toLowerCase())) this.#texts.add(form)
    }
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
