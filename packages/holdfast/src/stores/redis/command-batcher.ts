/**
 * Claims that are entered, or left, in the same moment travel in one command: a command costs a client and the server
 * more than what it does, so 64 in flight cost less than half. No claim waits for company: what one turn of the event loop
 * asks for is sent at its end, in the order in which it was asked.
 */
import { StoreUnavailable } from '../../store/errors.ts'
import type { Connection } from '../redis-driver/connection.ts'
import { engineError } from '../redis-driver/errors.ts'
import type { Script } from '../redis-driver/script.ts'

/** Claims in one command, so that it blocks the server for well below a millisecond. */
const TOGETHER_MAX = 32

export interface ClaimCommand {
  readonly script: Script
  /** In a Cluster only what is in one slot may travel together. */
  readonly slot: number
  /** The first key, which all claims of this slot share. */
  readonly floor: string
  readonly keys: readonly string[]
  /** Words before those of all claims; a batch takes those of its first claim. */
  readonly shared: readonly string[]
  readonly args: readonly string[]
}

/** What the script answered: one text for all claims of the batch, or an answer for this claim alone. */
export interface ClaimReply {
  readonly answer: unknown
  /** The place of this claim in its batch, counted from 0. */
  readonly place: number
}

interface Question extends ClaimCommand {
  readonly resolve: (reply: ClaimReply) => void
  readonly reject: (error: unknown) => void
}

export class CommandBatcher {
  readonly #connection: Connection
  #asked: Question[] = []

  constructor(connection: Connection) {
    this.#connection = connection
  }

  ask(command: ClaimCommand): Promise<ClaimReply> {
    return new Promise((resolve, reject) => {
      // After the microtasks of this turn: what one packet woke asks together.
      if (this.#asked.length === 0) process.nextTick(() => this.#send())
      this.#asked.push({ ...command, resolve, reject })
    })
  }

  #send(): void {
    const asked = this.#asked
    this.#asked = []
    let company: Question[] = []
    for (const question of asked) {
      if (company.length > 0 && !fits(question, company)) {
        this.#sendOne(company)
        company = []
      }
      company.push(question)
    }
    this.#sendOne(company)
  }

  #sendOne(questions: readonly Question[]): void {
    const [first] = questions
    if (first === undefined) return
    const [keys, args]: [string[], string[]] = [[first.floor], [...first.shared]]
    for (const question of questions) {
      keys.push(...question.keys)
      args.push(...question.args)
    }
    this.#connection.run(first.script, keys, args).then(
      (answers) => questions.forEach((question, place) => reply(question, answers, place)),
      (error: unknown) => questions.forEach(({ reject }) => reject(error)),
    )
  }
}

function fits({ script, slot }: Question, company: readonly Question[]): boolean {
  return company.length < TOGETHER_MAX && company[0]?.script === script && company[0].slot === slot
}

function reply({ script, keys, resolve, reject }: Question, answers: unknown, place: number): void {
  const answer: unknown = Array.isArray(answers) ? answers[place] : answers
  if (Array.isArray(answer) && answer[0] === 'error') {
    reject(engineError(new Error(String(answer[1])), script.name, { keys, script: script.text }))
  } else if (Array.isArray(answer) || typeof answer === 'string') {
    resolve({ answer, place })
  } else {
    reject(new StoreUnavailable(`${script.name}: Redis answered for fewer claims than were asked`))
  }
}
