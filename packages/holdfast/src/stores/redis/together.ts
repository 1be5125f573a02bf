/**
 * Claims that are entered, or left, in the same moment travel in one command: a command costs a client and the server
 * more than what it does, so 64 in flight cost less than half. Nobody waits for company: what one turn of the event loop
 * asks for is sent at its end, in the order in which it was asked.
 */
import { StoreUnavailable } from '../../core/errors.ts'
import { wordsOf } from '../shared/redis/answers.ts'
import type { Connection } from '../shared/redis/connection.ts'
import { engineError } from '../shared/redis/errors.ts'
import type { Script } from '../shared/redis/script.ts'

/** Claims in one command, so that it blocks the server for well below a millisecond. */
const TOGETHER_MAX = 32

interface Question {
  readonly script: Script
  readonly keys: readonly string[]
  readonly args: readonly string[]
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
}

export class Together {
  readonly #connection: Connection
  #asked: Question[] = []

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** The answer for this claim alone. */
  ask(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      // After the microtasks of this turn: those who were woken by one packet ask together.
      if (this.#asked.length === 0) process.nextTick(() => this.#send())
      this.#asked.push({ script, keys, args, resolve, reject })
    })
  }

  #send(): void {
    const asked = this.#asked
    this.#asked = []
    for (let from = 0; from < asked.length;) {
      let to = from + 1
      while (to < asked.length && to - from < TOGETHER_MAX && asked[to]?.script === asked[from]?.script) to += 1
      this.#sendOne(asked.slice(from, to))
      from = to
    }
  }

  #sendOne(questions: readonly Question[]): void {
    const script = questions[0]?.script
    if (script === undefined) return
    const keys = questions.flatMap((question) => question.keys)
    const args = questions.flatMap((question) => question.args)
    this.#connection.run(script, keys, args).then(
      (answers) => questions.forEach((question, index) => answer(question, answers, index)),
      (error: unknown) => questions.forEach(({ reject }) => reject(error)),
    )
  }
}

function answer({ script, resolve, reject }: Question, answers: unknown, index: number): void {
  const own: unknown = Array.isArray(answers) ? answers[index] : undefined
  if (own === undefined) {
    reject(new StoreUnavailable(`${script.name}: Redis answered for fewer claims than were asked`))
    return
  }
  const [kind, words = ''] = wordsOf(own)
  if (kind === 'error') reject(engineError(new Error(words), script.name))
  else resolve(own)
}
