/**
 * Claims that are entered, or left, in the same moment travel in one command: a command costs a client and the server
 * more than what it does, so 64 in flight cost less than half. Nobody waits for company: what one turn of the event loop
 * asks for is sent at its end, in the order in which it was asked.
 */
import { StoreUnavailable } from '../../store/errors.ts'
import type { Connection } from '../redis-driver/connection.ts'
import { engineError } from '../redis-driver/errors.ts'
import type { Script } from '../redis-driver/script.ts'

/** Claims in one command, so that it blocks the server for well below a millisecond. */
const TOGETHER_MAX = 32

interface Question {
  readonly script: Script
  readonly slot: number
  readonly keys: readonly string[]
  readonly args: readonly string[]
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
}

export class CommandBatcher {
  readonly #connection: Connection
  readonly #slotOf: (key: string) => number
  #asked: Question[] = []

  /** `slotOf`: in a Cluster only what is in one slot may travel together. */
  constructor(connection: Connection, slotOf: (key: string) => number = () => 0) {
    this.#connection = connection
    this.#slotOf = slotOf
  }

  /** The answer for this claim alone. */
  ask(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      // After the microtasks of this turn: those who were woken by one packet ask together.
      if (this.#asked.length === 0) process.nextTick(() => this.#send())
      this.#asked.push({ script, slot: this.#slotOf(keys[0] ?? ''), keys, args, resolve, reject })
    })
  }

  #send(): void {
    const asked = this.#asked
    this.#asked = []
    let company: Question[] = []
    for (const question of asked) {
      if (company.length > 0 && !this.#fits(question, company)) {
        this.#sendOne(company)
        company = []
      }
      company.push(question)
    }
    this.#sendOne(company)
  }

  #fits({ script, slot }: Question, company: readonly Question[]): boolean {
    return company.length < TOGETHER_MAX && company[0]?.script === script && company[0].slot === slot
  }

  #sendOne(questions: readonly Question[]): void {
    const [first] = questions
    if (first === undefined) return
    const [keys, args]: [string[], string[]] = [[], []]
    for (const question of questions) {
      keys.push(...question.keys)
      args.push(...question.args)
    }
    this.#connection.run(first.script, keys, args).then(
      (answers) => {
        const each = typeof answers === 'string' ? answers.split(' ') : answers
        questions.forEach((question, index) => answer(question, each, index))
      },
      (error: unknown) => questions.forEach(({ reject }) => reject(error)),
    )
  }
}

function answer({ script, keys, resolve, reject }: Question, answers: unknown, index: number): void {
  const own: unknown = Array.isArray(answers) ? answers[index] : undefined
  if (own === undefined) {
    reject(new StoreUnavailable(`${script.name}: Redis answered for fewer claims than were asked`))
    return
  }
  if (Array.isArray(own) && own[0] === 'error') {
    reject(engineError(new Error(String(own[1])), script.name, { keys, script: script.text }))
  } else resolve(own)
}
