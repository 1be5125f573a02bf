/** Handlers of `node:http`, Express and whatever else takes a request, a response and the way on. */
import type { ExpectedLock } from '../../lease/sequencer.ts'
import { HEADER_FIELD } from './header.ts'
import type { HeldRequest, HttpMarks } from './marks.ts'
import type { Problem } from './problem.ts'
import { runRequest, type WorkResult } from './request-work.ts'
import { ResponseEnd } from './response-end.ts'

/** What is needed of a request of `node:http`. */
export interface NodeRequestLike {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** What is needed of a response of `node:http`. */
export interface NodeResponseLike {
  readonly headersSent: boolean
  statusCode: number
  getHeaders(): Readonly<Record<string, number | string | string[] | undefined>>
  removeHeader(name: string): unknown
  setHeader(name: string, value: number | string | string[]): unknown
  end(...args: unknown[]): unknown
  destroy(): unknown
}

/** Takes the request, the response, and what is told of an error; in Express that is `next`. */
export type NodeHandler<Request, Response> = (
  request: Request,
  response: Response,
  next: (error: unknown) => void,
) => void

export interface NodeWork<Request, Response, Tx> {
  readonly lockOf: (request: Request) => ExpectedLock
  readonly handle: (request: Request, response: Response, held: HeldRequest<Tx>) => Promise<void> | void
}

export function nodeHandler<Request extends NodeRequestLike, Response extends NodeResponseLike, Tx>(
  marks: HttpMarks<Tx>,
  { lockOf, handle }: NodeWork<Request, Response, Tx>,
): NodeHandler<Request, Response> {
  const answer = async (request: Request, response: Response): Promise<void> => {
    let end: ResponseEnd | undefined
    let result: WorkResult<void>
    try {
      result = await runRequest(marks, {
        header: request.headers[HEADER_FIELD],
        expected: () => lockOf(request),
        async work(held) {
          end?.drop()
          end = new ResponseEnd(response)
          await handle(request, response, held)
        },
      })
    } catch (error) {
      end?.drop()
      throw error
    }
    if ('problem' in result) {
      end?.drop()
      refuse(response, result.problem)
    } else {
      end?.release()
    }
  }
  const deliver = async (request: Request, response: Response, next: (error: unknown) => void): Promise<void> => {
    try {
      await answer(request, response)
    } catch (error) {
      next(error)
    }
  }
  return (request, response, next) => void deliver(request, response, next)
}

function refuse(response: NodeResponseLike, { status, headers, body }: Problem): void {
  // Half an answer is under way: all that can be said is that it does not end well.
  if (response.headersSent) return void response.destroy()
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  response.end(body)
}
