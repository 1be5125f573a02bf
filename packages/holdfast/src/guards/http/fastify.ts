/** Handlers of Fastify. */
import { Misuse } from '../../store/errors.ts'
import type { ExpectedLock } from '../../lease/sequencer.ts'
import { HEADER_FIELD } from './header.ts'
import type { HeldRequest, HttpMarks } from './marks.ts'
import { runRequest } from './request-work.ts'

/** What is needed of a request of Fastify. */
export interface FastifyRequestLike {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** What is needed of a reply of Fastify. */
export interface FastifyReplyLike {
  readonly sent: boolean
  code(status: number): unknown
  headers(values: Record<string, string>): unknown
}

export interface FastifyWork<Request, Reply, Tx> {
  readonly lockOf: (request: Request) => ExpectedLock
  readonly handle: (request: Request, reply: Reply, held: HeldRequest<Tx>) => Promise<unknown>
}

export function fastifyHandler<Request extends FastifyRequestLike, Reply extends FastifyReplyLike, Tx>(
  marks: HttpMarks<Tx>,
  { lockOf, handle }: FastifyWork<Request, Reply, Tx>,
): (request: Request, reply: Reply) => Promise<unknown> {
  return async (request, reply) => {
    const result = await runRequest(marks, {
      header: request.headers[HEADER_FIELD],
      expected: () => lockOf(request),
      async work(held) {
        const payload = await handle(request, reply, held)
        if (reply.sent) throw answeredEarly()
        return payload
      },
    })
    if ('done' in result) return result.done
    const { status, headers, body } = result.problem
    reply.code(status)
    reply.headers({ ...headers })
    return body
  }
}

function answeredEarly(): Misuse {
  return new Misuse(
    'the handler has sent its reply before its work was committed, and the work was undone: return the payload instead of ' +
      'calling reply.send()',
  )
}
