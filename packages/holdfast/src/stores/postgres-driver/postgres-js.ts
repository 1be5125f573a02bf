/** The driver `postgres` (porsager): as much of it as is used. */

/** What `postgres()` of the package `postgres` returns. */
export interface PostgresJs {
  unsafe(text: string): PostgresJsQuery
  end(options?: { readonly timeout?: number }): Promise<void>
  readonly options: object
}

/** A statement of it. */
export interface PostgresJsQuery extends PromiseLike<unknown> {
  simple(): PostgresJsQuery
  raw(): PromiseLike<unknown>
}

/** Makes an instance of the driver; the options stand beside those of the user. */
export type MakePostgresJs = (options: object) => PostgresJs

export function isPostgresJs(value: unknown): value is PostgresJs {
  return typeof value === 'function' && 'unsafe' in value && 'end' in value && 'options' in value
}
