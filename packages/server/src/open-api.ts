/** The document of the interface, made from the schemas that check the requests. */
import { z } from 'zod'
import { renewalsSchema, schemas, sessionSchemas } from './messages.ts'

/** What a request means, by the last part of its path. */
const summaries: Readonly<Record<keyof typeof schemas, string>> = {
  acquire: 'Take the lock, or wait for it; 409 while it is busy',
  renew: 'Prolong the lease; 410 when it is over',
  release: 'Give the lock back, or stop waiting',
  evict: 'Take the lock from the holder with this token; 412 when another one holds',
}

const sessionSummaries: Readonly<Record<keyof typeof sessionSchemas, readonly [path: string, summary: string]>> = {
  open: ['/v1/sessions', 'Begin a session: leases that name it live as long as its beats'],
  beat: ['/v1/sessions/beat', 'Prolong all leases of a session; 410 when it is over'],
  end: ['/v1/sessions/end', 'Give back all leases of a session'],
}

const answers = { 200: { description: 'done' }, default: { description: 'application/problem+json' } } as const
const name = { name: 'name', in: 'path', required: true, schema: { type: 'string' } } as const

export function openApi(): Readonly<Record<string, unknown>> {
  const posts = Object.entries(schemas).map(([verb, schema]): readonly [string, object] => {
    const body = bodyOf(schema)
    const summary = summaries[verb as keyof typeof schemas]
    return [
      `/v1/locks/{name}/${verb}`,
      { post: { summary, parameters: [name], requestBody: body, responses: answers } },
    ]
  })
  const ofSessions = Object.entries(sessionSchemas).map(([verb, schema]): readonly [string, object] => {
    const [path, summary] = sessionSummaries[verb as keyof typeof sessionSchemas]
    return [path, { post: { summary, requestBody: bodyOf(schema), responses: answers } }]
  })
  const look = (summary: string): object => ({ get: { summary, responses: answers } })
  const paths = Object.fromEntries<object>([
    ...posts,
    ...ofSessions,
    ['/v1/locks/{name}', { parameters: [name], ...look('Who holds the lock, and who waits') }],
    [
      '/v1/renew',
      {
        post: {
          summary: 'Prolong several leases; what is wrong with one is told beside it',
          requestBody: bodyOf(renewalsSchema),
          responses: answers,
        },
      },
    ],
    ['/v1/locks', look('Names that are held or waited for: prefix, cursor, limit')],
    ['/v1/check', look('Whether a sequencer holds now; 412 when not')],
    ['/v1/locks/{name}/history', { parameters: [name], ...look('What this server saw of the lock') }],
    ['/v1/claims', look('What one owner holds and waits for, as seen while a page is open: owner, prefix')],
    ['/v1/observe', look('Lines as they change, as events: name, up to 100 times, or prefix')],
    ['/v1/store', look('What the store promises, and what the caller may do')],
    ['/version', look('Which server answers')],
    ['/livez', look('The process answers')],
    ['/readyz', look('The store answers; 503 when not, and before the end')],
  ])
  return { openapi: '3.1.0', info: { title: 'Holdfast', version: '1' }, paths }
}

function bodyOf(schema: z.ZodType): object {
  return { required: true, content: { 'application/json': { schema: z.toJSONSchema(schema, { io: 'input' }) } } }
}
