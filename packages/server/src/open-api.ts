/** The document of the interface, made from the schemas that check the requests. */
import { z } from 'zod'
import { schemas } from './messages.ts'

/** What a request means, by the last part of its path. */
const summaries: Readonly<Record<keyof typeof schemas, string>> = {
  acquire: 'Take the lock, or wait for it; 409 while it is busy',
  renew: 'Prolong the lease; 410 when it is over',
  release: 'Give the lock back, or stop waiting',
  evict: 'Take the lock from the holder with this token; 412 when another one holds',
}

const answers = { 200: { description: 'done' }, default: { description: 'application/problem+json' } } as const
const name = { name: 'name', in: 'path', required: true, schema: { type: 'string' } } as const

export function openApi(): Readonly<Record<string, unknown>> {
  const posts = Object.entries(schemas).map(([verb, schema]): readonly [string, object] => {
    const body = {
      required: true,
      content: { 'application/json': { schema: z.toJSONSchema(schema, { io: 'input' }) } },
    }
    const summary = summaries[verb as keyof typeof schemas]
    return [
      `/v1/locks/{name}/${verb}`,
      { post: { summary, parameters: [name], requestBody: body, responses: answers } },
    ]
  })
  const look = (summary: string): object => ({ get: { summary, responses: answers } })
  const paths = Object.fromEntries<object>([
    ...posts,
    ['/v1/locks/{name}', { parameters: [name], ...look('Who holds the lock, and who waits') }],
    ['/v1/locks', look('Names that are held or waited for: prefix, cursor, limit')],
    ['/v1/check', look('Whether a sequencer holds now; 412 when not')],
    ['/v1/observe', look('Lines as they change, as events: name, up to 100 times')],
    ['/livez', look('The process answers')],
    ['/readyz', look('The store answers; 503 when not, and before the end')],
  ])
  return { openapi: '3.1.0', info: { title: 'Holdfast', version: '1' }, paths }
}
