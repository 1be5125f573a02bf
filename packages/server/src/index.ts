/** `@holdfast/server`: locks over HTTP, for programs that are not TypeScript. */
export { lockServer, type LockServer, type LockServerOptions } from './listener.ts'
