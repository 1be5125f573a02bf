/** What a store that was closed says to every call. */
import { expect } from 'vitest'
import { StoreUnavailable } from '../../store/errors.ts'
import type { OpenStore } from '../../store/store.ts'
import { never } from '../opened.fixture.ts'
import { claim } from './redis.fixture.ts'

/** Each call rejects: none throws before there is a promise, and none hangs. */
export async function expectClosed(store: OpenStore, resource: string): Promise<void> {
  const ref = claim(resource)
  const calls: Readonly<
    Record<Exclude<keyof OpenStore, 'facts' | 'hearsItself' | 'close' | 'rebase'>, () => Promise<unknown>>
  > = {
    enter: () => store.enter(ref),
    renew: () => store.renew([{ ref, ttlMs: 1_000 }]),
    leave: () => store.leave(ref),
    watch: () => store.watch(ref, never),
    observe: () => store.observe(resource, '', never),
    look: () => store.look(resource),
    list: () => store.list('', undefined, 10),
    evict: () => store.evict(resource, 1n, 'too late'),
  }
  for (const [name, call] of Object.entries(calls)) {
    await expect(call(), name).rejects.toThrow(StoreUnavailable)
  }
}
