/** The document of the interface, made from the schemas that check the requests. */
import { z } from 'zod'
import { renewalsSchema, schemas, sessionSchemas } from './messages.ts'
import { seamSchemas } from './seam-messages.ts'

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

/** Of the seam: for clients that do what a store does, with claims of their own. */
const seamSummaries: Readonly<Record<keyof typeof seamSchemas, string>> = {
  enter: 'Seam: put a claim in line, or ask where it stands',
  renew: 'Seam: prolong claims, each judged on its own',
  leave: 'Seam: end a claim by its id',
  look: 'Seam: a line as it is',
  list: 'Seam: lines by the start of their keys',
  evict: 'Seam: end the claim that holds with this token',
  watch: 'Seam: tell on the stream when a claim stands elsewhere',
  observe: 'Seam: tell on the stream when a line has another version',
  unwatch: 'Seam: end a watch',
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
  const ofSeam = Object.entries(seamSchemas).map(([verb, schema]): readonly [string, object] => {
    const summary = seamSummaries[verb as keyof typeof seamSchemas]
    return [`/v1/seam/${verb}`, { post: { summary, requestBody: bodyOf(schema), responses: answers } }]
  })
  const look = (summary: string): object => ({ get: { summary, responses: answers } })
  const paths = Object.fromEntries<object>([
    ...posts,
    ...ofSessions,
    ...ofSeam,
    ['/v1/seam/facts', look('Seam: what the store promises, and its version')],
    ['/v1/seam/stream', look('Seam: events for what is watched')],
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
