/** Handlers of Hono, and of whatever else answers a request with a `Response`. */
import type { ExpectedLock } from '../../lease/sequencer.ts'
import { HEADER_FIELD } from './header.ts'
import type { HeldRequest, HttpMarks } from './marks.ts'
import { runRequest } from './request-work.ts'

/** What is needed of a context of Hono. */
export interface HonoContextLike {
  readonly req: { header(name: string): string | undefined }
}

export interface HonoWork<Context, Tx> {
  readonly lockOf: (context: Context) => ExpectedLock
  readonly handle: (context: Context, held: HeldRequest<Tx>) => Promise<Response> | Response
}

export function honoHandler<Context extends HonoContextLike, Tx>(
  marks: HttpMarks<Tx>,
  { lockOf, handle }: HonoWork<Context, Tx>,
): (context: Context) => Promise<Response> {
  return async (context) => {
    const result = await runRequest(marks, {
      header: context.req.header(HEADER_FIELD),
      expected: () => lockOf(context),
      work: async (held) => await handle(context, held),
    })
    if ('done' in result) return result.done
    const { status, headers, body } = result.problem
    return new Response(body, { status, headers })
  }
}
