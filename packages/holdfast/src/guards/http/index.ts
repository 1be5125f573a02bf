/// <reference lib="esnext.disposable" preserve="true" />
/** The entry `holdfast/guards/http`: a server that refuses an old token, and the client that sends its own along. */
export type { Fenced, Mode, Sequencer } from '../../lease/lease.ts'
export type { ExpectedLock } from '../../lease/sequencer.ts'
export type { GuardOptions } from '../admission.ts'
export { fencedFetch, type FencedFetchOptions } from './fenced-fetch.ts'
export type { FastifyReplyLike, FastifyRequestLike } from './fastify.ts'
export { fencingHeaders } from './header.ts'
export type { HonoContextLike } from './hono.ts'
export { type HttpGuard, httpGuard } from './http-guard.ts'
export type { HeldRequest, HttpMarks } from './marks.ts'
export type { NodeRequestLike, NodeResponseLike } from './node.ts'
export { processMarks, type ProcessMarksOptions } from './process-marks.ts'
export { throughGuard } from './through-guard.ts'
