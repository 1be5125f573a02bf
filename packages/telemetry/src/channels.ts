/** The diagnostics channels of Holdfast, with the types of what they carry: for every client of the process. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { EventMap, GuardEventMap, StoreRequestEvent } from 'holdfast'

export type ChannelMap = { readonly [Name in keyof EventMap as `holdfast:${Name}`]: EventMap[Name] } & {
  readonly [Name in keyof GuardEventMap as `holdfast:guard:${Name}`]: GuardEventMap[Name]
} & { readonly 'holdfast:store:request': StoreRequestEvent }

export type Listeners = { readonly [Name in keyof ChannelMap]?: (event: ChannelMap[Name]) => void }

/**
 * Listens until the returned function is called. What a listener throws goes to `onError`: a channel would end the process with
 * it, and no lock may depend on its listeners.
 *
 * @example
 * ```ts
 * const stop = listen({ 'holdfast:lost': ({ name, because }) => page(`${name}: ${because}`) }, (error) => log(error))
 * ```
 */
export function listen(listeners: Listeners, onError: (error: unknown) => void): () => void {
  const subscribed = Object.entries(listeners).map(([name, listener]) => {
    const careful = (event: unknown): void => {
      try {
        ;(listener as (event: unknown) => void)(event)
      } catch (error) {
        onError(error)
      }
    }
    subscribe(name, careful)
    return [name, careful] as const
  })
  return () => {
    for (const [name, careful] of subscribed) unsubscribe(name, careful)
  }
}
