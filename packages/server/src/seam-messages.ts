/** The seam over HTTP: the bodies of its requests, each checked by its schema, and its answers. */
import { type LineView, LOCK_DELAY_MS_MAX, type Standing, TTL_MS_MAX, TTL_MS_MIN } from 'holdfast'
import { z } from 'zod'

/** As a store takes it: a namespace and a name, each encoded. */
const RESOURCE_LENGTH_MAX = 1_201
const OWNER_BYTES_MAX = 200
/** Public data of the caller, and the trace that travels with it. */
const NOTE_BYTES_MAX = 8_192
const REASON_BYTES_MAX = 500
/** The capacity of a line with readers and writers. */
const CAPACITY_MAX = 2 ** 30
const RENEWALS_MAX = 500
const LIST_MAX = 10_001
const CURSOR_LENGTH_MAX = 4_096
/** What a stamp loses for clocks that run differently. */
const DRIFT_SHARE = 0.001

const text = (bytesMax: number): z.ZodType<string> =>
  z
    .string()
    .refine(
      (each) => each.isWellFormed() && !each.includes('\0') && Buffer.byteLength(each) <= bytesMax,
      `must be well-formed text without NUL of at most ${bytesMax} bytes`,
    )

const resource = z
  .string()
  .max(RESOURCE_LENGTH_MAX)
  .regex(/^[A-Za-z0-9\-_.:%]+![A-Za-z0-9\-_.:%]+$/, 'must be an encoded namespace and name')
const id = z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 lower-case hex digits')
const token = z.string().regex(/^[1-9][0-9]{0,18}$/, 'must be the decimal text of a token')
const ttlMs = z.number().min(TTL_MS_MIN).max(TTL_MS_MAX)
const ref = z.strictObject({ resource, id, token: token.optional() })
const stream = z.string().max(64)
const watch = z.int().min(1)

export const seamSchemas = {
  enter: z.strictObject({
    resource,
    id,
    weight: z.int().min(0).max(CAPACITY_MAX),
    capacity: z.int().min(1).max(CAPACITY_MAX),
    ttlMs,
    queue: z.boolean(),
    lockDelayMs: z.number().min(0).max(LOCK_DELAY_MS_MAX),
    note: text(NOTE_BYTES_MAX),
    owner: text(OWNER_BYTES_MAX),
  }),
  renew: z.strictObject({
    renewals: z
      .array(z.strictObject({ ref, ttlMs, note: text(NOTE_BYTES_MAX).optional(), outlives: z.boolean().optional() }))
      .min(1)
      .max(RENEWALS_MAX),
  }),
  leave: z.strictObject({
    ref,
    keepMs: z.number().min(0).max(TTL_MS_MAX).optional(),
    outcomeUnknown: z.boolean().optional(),
  }),
  look: z.strictObject({ resource }),
  list: z.strictObject({
    prefix: z.string().max(RESOURCE_LENGTH_MAX),
    cursor: z.string().max(CURSOR_LENGTH_MAX).optional(),
    limit: z.int().min(1).max(LIST_MAX),
  }),
  evict: z.strictObject({ resource, token, reason: text(REASON_BYTES_MAX) }),
  watch: z.strictObject({ stream, watch, ref }),
  observe: z.strictObject({ stream, watch, resource, seen: z.string() }),
  unwatch: z.strictObject({ stream, watch }),
} as const

export type RefBody = z.infer<typeof ref>

/** `receivedMs`: when the request was received, on the monotonic clock of the stamps. A program counts from before it sent it. */
export function standingBody(standing: Standing, receivedMs: number): object {
  if (standing.kind !== 'held') return standing
  const { token: granted, askedAt, lifeMs, provisional } = standing
  const afterMs = askedAt.monotonicMs - receivedMs
  const askedAfterMs = Math.floor(afterMs - Math.abs(afterMs) * DRIFT_SHARE)
  return { kind: 'held', token: String(granted), askedAfterMs, lifeMs: Math.floor(lifeMs), provisional }
}

export function lineBody({ lastToken, claims, ...view }: LineView): object {
  const told = claims.map(({ token: held, ...claim }) =>
    held === undefined ? claim : { ...claim, token: String(held) },
  )
  return { ...view, lastToken: String(lastToken), claims: told }
}
