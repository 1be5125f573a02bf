/** `@holdfast/fastify`: locks for a Fastify application. */
export { fastifyLocks, type FastifyLocksOptions } from './plugin.ts'
export type { NamedRequest, RouteLock } from './route-lock.ts'
