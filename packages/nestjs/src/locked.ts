/** A method that runs under a lock, whatever other decorators it has. */
import { Inject } from '@nestjs/common'
import { type AcquireOptions, type Lease, type Locks, Misuse, WaitTimeout } from 'holdfast'
import { runUnderLeases } from './current-lease.ts'
import { type LockName, nameFunction, type NameOfCall } from './lock-name.ts'
import { likeOriginal } from './likeness.ts'
import { locksToken } from './token.ts'

export interface LockedOptions extends AcquireOptions {
  /** The name of the module whose client is used. @default the module without a name */
  readonly client?: string
  /**
   * What happens while the lock is held elsewhere: `wait` for it, `throw` a `WaitTimeout` at once, or `skip` the call, which then returns
   * `undefined`. @default 'wait'
   */
  readonly busy?: 'wait' | 'throw' | 'skip'
  /** `read`: together with other readers. `write`: alone, beside no reader. @default 'exclusive' */
  readonly mode?: 'exclusive' | 'read' | 'write'
  /** So many calls at a time instead of one. @default none: a mutex */
  readonly permits?: number
}

type AsyncMethod = (...args: never[]) => Promise<unknown>

/** What a skipped call returns has to be in the type of the method. */
type Skippable<Method extends AsyncMethod, Options> = Options extends { readonly busy: 'skip' }
  ? undefined extends Awaited<ReturnType<Method>>
    ? unknown
    : { readonly 'a skipped call returns undefined: add it to the type of the result': never }
  : unknown

/** What a function that names takes has to be what the method takes. */
type Nameable<Method extends AsyncMethod, Args extends readonly unknown[]> =
  Parameters<Method> extends readonly [...Args, ...unknown[]]
    ? unknown
    : { readonly 'the function that names takes other arguments than the method': never }

/** Fits methods that return a promise. */
export type LockedDecorator<Args extends readonly unknown[], Options> = <Method extends AsyncMethod>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<Method> & Nameable<Method, Args> & Skippable<Method, Options>,
) => void

/** How a call runs its work under what it named. */
type Runner = (locks: Locks, name: string, options: AcquireOptions, work: (lease: Lease) => unknown) => Promise<unknown>

/**
 * Runs the method under a lock, named by its arguments, and gives the lock back when the returned promise is settled. Rejects with
 * `WaitTimeout` when the lock stays busy, with `LeaseLost` when it was lost before the method ended, and with `Misuse`, before anything is
 * sent, when an argument in the name is missing.
 *
 * @example
 * ```ts
 * @Post(':id')
 * @Locked((id: string) => `seat:${id}`, { wait: '5s' })
 * async sell(@Param('id') id: string) { return await this.seats.sell(id, currentLease()) }
 * ```
 */
export function Locked<const Options extends LockedOptions = LockedOptions>(
  name: string | readonly string[],
  options?: Options,
): LockedDecorator<[], Options>
export function Locked<Args extends readonly unknown[], const Options extends LockedOptions = LockedOptions>(
  name: NameOfCall<Args>,
  options?: Options,
): LockedDecorator<Args, Options>
export function Locked(name: LockName<never>, options: LockedOptions = {}): LockedDecorator<[], LockedOptions> {
  const nameOf = nameFunction(name)
  const { client, busy = 'wait', mode = 'exclusive', permits, ...settings } = options
  if (busy !== 'wait') settings.wait = 0
  const run = runnerOf(mode, permits)
  const property = `holdfast:${locksToken(client)}`
  return (target, key, descriptor) => {
    const original: AsyncMethod | undefined = descriptor.value
    if (original === undefined) throw new Misuse(`@Locked stands above ${String(key)}, which is no method`)
    // Into the instance, and not the constructor: a class that is made for each request gets it as well.
    Inject(locksToken(client))(target, property)
    const replacement = async function (this: object, ...call: unknown[]): Promise<unknown> {
      const names = nameOf(call)
      const locks = Reflect.get(this, property) as Locks | undefined
      if (locks === undefined)
        throw new Misuse(`${String(key)}() has no locks: import HoldfastModule, and let Nest make the class`)
      let hasBegun = false
      const work = (leases: readonly Lease[]): unknown => {
        hasBegun = true
        return runUnderLeases(leases, () => original.apply(this, call as never))
      }
      try {
        if (typeof names === 'string') return await run(locks, names, settings, (lease) => work([lease]))
        if (run !== exclusive)
          throw new Misuse('several names are taken as mutexes, all or nothing: leave mode and permits out')
        return await locks.usingAll(names, settings, ({ leases }) => work(leases))
      } catch (error) {
        if (busy === 'skip' && !hasBegun && error instanceof WaitTimeout) return undefined
        throw error
      }
    }
    Object.assign(descriptor, { value: likeOriginal(replacement, original) })
  }
}

const exclusive: Runner = (locks, name, options, work) => locks.using(name, options, work)

function runnerOf(mode: 'exclusive' | 'read' | 'write', permits: number | undefined): Runner {
  if (permits !== undefined) {
    if (mode !== 'exclusive') throw new Misuse('@Locked takes either mode or permits')
    return (locks, name, options, work) => locks.semaphore(name, { permits }).using(options, work)
  }
  if (mode === 'exclusive') return exclusive
  return (locks, name, options, work) => locks.readWrite(name)[mode].using(options, work)
}
