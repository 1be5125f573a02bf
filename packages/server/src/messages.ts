/** The bodies of requests: each is checked by its schema, and the document of the interface is made from the same schemas. */
import { CAPACITY_MAX, Misuse } from 'holdfast'
import { z } from 'zod'

/** A loan has to be renewed by a program over a network, and is never left alone for longer than this. */
const LOAN_MS_MIN = 1_000
const LOAN_MS_MAX = 600_000
/** Below the minute after which proxies cut a request that was not answered. */
export const POLL_MS_MAX = 25_000
/** Bytes and not characters count; the library counts them. */
const NOTE_LENGTH_MAX = 4_096
const REASON_LENGTH_MAX = 500

const id = z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 lower-case hex digits, made afresh for each lock')
const token = z.string().regex(/^[1-9][0-9]{0,18}$/, 'must be the decimal text of a token')
const places = z.int().min(1).max(CAPACITY_MAX)

const acquire = z.strictObject({
  id,
  ttlMs: z.int().min(LOAN_MS_MIN).max(LOAN_MS_MAX).default(10_000),
  waitMs: z.int().min(0).max(POLL_MS_MAX).default(0),
  mode: z.enum(['exclusive', 'shared', 'permit']).default('exclusive'),
  /** Excludes readers as well: for a name that is also asked for in shared mode. */
  readersToo: z.boolean().default(false),
  permits: places.optional(),
  of: places.optional(),
  note: z.string().max(NOTE_LENGTH_MAX).default(''),
  /** The lease lives as long as this session, whose beats renew it; `ttlMs` is then that of the session. */
  session: id.optional(),
})

/** Of a session, whose program has one thing to send for all that it holds. */
export const sessionSchemas = {
  open: z.strictObject({ id, lifeMs: z.int().min(LOAN_MS_MIN).max(LOAN_MS_MAX).default(30_000) }),
  beat: z.strictObject({ id }),
  end: z.strictObject({ id }),
} as const

export const schemas = {
  acquire,
  renew: z.strictObject({ id, token, note: z.string().max(NOTE_LENGTH_MAX).optional() }),
  release: z.strictObject({ id, token: token.optional() }),
  evict: z.strictObject({ token, reason: z.string().min(1).max(REASON_LENGTH_MAX) }),
} as const

const NAME_LENGTH_MAX = 200
const RENEWALS_MAX = 500

/** Of several leases at once: what is wrong with one of them is told beside it, and spoils no other. */
export const renewalsSchema = z.strictObject({
  claims: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(NAME_LENGTH_MAX),
        id,
        token,
        note: z.string().max(NOTE_LENGTH_MAX).optional(),
      }),
    )
    .max(RENEWALS_MAX),
})

export type AcquireBody = z.infer<typeof acquire>

/** Throws `Misuse` that names the field. */
export function parsed<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const field = issue?.path.join('.') ?? ''
  throw new Misuse(`${field === '' ? 'the body' : field}: ${issue?.message ?? 'is not as described'}`)
}
