/**
 * Methods under a lock, in applications of Nest over real sockets.
 *
 * @module-tag real-time
 */
import 'reflect-metadata'
import type { Server } from 'node:http'
import { Controller, Get, type INestApplication, Injectable, Param, Post, Query, Scope } from '@nestjs/common'
import { holdfast, type Locks, StoreUnavailable, WaitTimeout } from 'holdfast'
import { memory, memoryEngine } from 'holdfast/memory'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { applicationOf, decorate, urlOf } from './application.fixture.ts'
import { currentLease, HoldfastModule, Locked } from './index.ts'

class Seats {
  async above(id: string): Promise<string> {
    return `${id} ${currentLease().name}`
  }
  async below(id: string): Promise<string> {
    return `${id} ${currentLease().name}`
  }
  async once(id: string): Promise<string> {
    return await nested.inner(id)
  }
  async skip(): Promise<string | undefined> {
    await working?.()
    return 'ran'
  }
  async work(): Promise<string> {
    await working?.()
    return currentLease().tokenText
  }
  async pair(): Promise<string> {
    return [currentLease('a').name, currentLease('b').name].join()
  }
  async read(): Promise<string> {
    return currentLease().mode
  }
  async permit(): Promise<string> {
    return currentLease().mode
  }
  async broken(): Promise<string> {
    throw new StoreUnavailable('redis://cache.internal refused')
  }
  async mistaken(): Promise<string> {
    return currentLease('another').name
  }
}
const nested = { inner: async (id: string): Promise<string> => `${id} ${currentLease().name}` }
let working: (() => Promise<void>) | undefined

decorate(Seats, {
  above: { method: [Locked('above:${0}', { wait: 0 }), Post('above/:id')], arguments: [Param('id')] },
  below: { method: [Post('below/:id'), Locked((id: string) => `below:${id}`, { wait: 0 })], arguments: [Param('id')] },
  once: { method: [Get('once'), Locked('once:${0}')], arguments: [Query('id')] },
  skip: { method: [Get('skip'), Locked('skip', { busy: 'skip' })] },
  work: { method: [Get('work'), Locked('work', { busy: 'throw' })] },
  pair: { method: [Get('pair'), Locked(['a', 'b'])] },
  read: { method: [Get('read'), Locked('catalogue', { mode: 'read', wait: 0 })] },
  permit: { method: [Get('permit'), Locked('printers', { permits: 2, wait: 0 })] },
  broken: { method: [Get('broken'), Locked('broken')] },
  mistaken: { method: [Get('mistaken'), Locked('mistaken')] },
})
Controller('seats')(Seats)

let application: INestApplication
let stranger: Locks
let url: string
beforeEach(async () => {
  working = undefined
  const engine = memoryEngine()
  stranger = holdfast(memory(engine), { namespace: 'shop' })
  application = await applicationOf({
    imports: [HoldfastModule.forRoot({ store: memory(engine), namespace: 'shop', filter: true })],
    controllers: [Seats],
  })
  url = `${await urlOf(application)}/seats`
})
afterEach(async () => {
  await application.close()
  await stranger.close()
})

describe('a method with @Locked', () => {
  test.each(['above', 'below'])('is still a route when the decorator stands %s that of the route', async (place) => {
    const answer = await fetch(`${url}/${place}/14A`, { method: 'POST' })
    expect([answer.status, await answer.text()]).toEqual([201, `14A ${place}:14A`])
    const lease = await stranger.acquire(`${place}:14A`)
    const busy = await fetch(`${url}/${place}/14A`, { method: 'POST' })
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([409, '1'])
    expect(await busy.text()).not.toContain('14A')
    expect((await fetch(`${url}/${place}/14B`, { method: 'POST' })).status).toBe(201)
    await lease.release()
  })

  test('locks nothing when an argument in its name is missing, and is not called', async () => {
    expect((await fetch(`${url}/once`)).status).toBe(500)
    expect((await stranger.list()).names).toEqual([])
    expect(await (await fetch(`${url}/once?id=14A`)).text()).toBe('14A once:14A')
  })

  test('is skipped, thrown out of or waited with, as it says, while the lock is held elsewhere', async () => {
    const [skip, work] = [await stranger.acquire('skip'), await stranger.acquire('work')]
    expect(await (await fetch(`${url}/skip`)).text()).toBe('')
    expect((await fetch(`${url}/work`)).status).toBe(409)
    await Promise.all([skip.release(), work.release()])
    expect(await (await fetch(`${url}/skip`)).text()).toBe('ran')
  })

  test('is not skipped for a timeout inside of a method that may be skipped', async () => {
    working = () => Promise.reject(new WaitTimeout('another lock is busy', { waitedMs: 1 }))
    expect((await fetch(`${url}/skip`)).status).toBe(409)
  })

  test('holds several names, all or nothing, and each is found by its name', async () => {
    expect(await (await fetch(`${url}/pair`)).text()).toBe('a,b')
    const lease = await stranger.acquire('b')
    const answer = fetch(`${url}/pair`)
    await expect.poll(async () => (await stranger.inspect('b')).claims.length).toBe(2)
    await lease.release()
    expect((await answer).status).toBe(200)
  })

  test('reads beside readers, and takes permits', async () => {
    const reader = await stranger.readWrite('catalogue').read.acquire()
    const permit = await stranger.semaphore('printers', { permits: 2 }).acquire()
    expect(await (await fetch(`${url}/read`)).text()).toBe('shared')
    expect(await (await fetch(`${url}/permit`)).text()).toBe('permit')
    await Promise.all([reader.release(), permit.release()])
  })

  test('is answered with 423 when its lock was taken away, and with 503 when the store is away', async () => {
    working = async () => {
      await stranger.evict('work', { token: currentLease().token, reason: 'a test' })
      await expect.poll(() => currentLease().isHeld()).toBe(false)
    }
    expect((await fetch(`${url}/work`)).status).toBe(423)
    const broken = await fetch(`${url}/broken`)
    expect([broken.status, broken.headers.get('content-type')]).toEqual([
      503,
      'application/problem+json; charset=utf-8',
    ])
    expect(await broken.text()).not.toContain('internal')
  })

  test('that asks for a lock it does not run under is a mistake of the program', async () => {
    expect((await fetch(`${url}/mistaken`)).status).toBe(500)
    expect(() => currentLease()).toThrow('@Locked')
  })
})

describe('an application', () => {
  test('answers the request that runs when it is closed, and only then gives the lock back', async () => {
    const [begun, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    working = async () => {
      begun.resolve()
      await go.promise
    }
    const answer = fetch(`${url}/work`)
    await begun.promise
    const server: Server = application.getHttpServer()
    const closed = application.close()
    await expect.poll(() => server.listening).toBe(false)
    const second = await stranger.tryAcquire('work')
    go.resolve()
    expect(second).toBeNull()
    expect((await answer).status).toBe(200)
    await closed
    await (await stranger.acquire('work', { wait: '5s' })).release()
  })

  test('with two clients and a class for each request gives each method its own', async () => {
    class Report {
      async run(): Promise<string> {
        return currentLease().namespace
      }
    }
    decorate(Report, { run: { method: [Get('run'), Locked('report', { client: 'reports' })] } })
    Controller({ path: 'report', scope: Scope.REQUEST })(Report)
    const two = await applicationOf({
      imports: [
        HoldfastModule.forRoot({ store: memory() }),
        HoldfastModule.forRootAsync({
          name: 'reports',
          useFactory: () => Promise.resolve({ store: memory(), namespace: 'reports' }),
        }),
      ],
      controllers: [Report],
    })
    expect(await (await fetch(`${await urlOf(two)}/report/run`)).text()).toBe('reports')
    await two.close()
  })

  test('does not start without its store, and says why', async () => {
    const starting = applicationOf({ imports: [HoldfastModule.forRoot({ store: memory(), require: 'consensus' })] })
    await expect(starting.then((lesser) => lesser.init())).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })

  test('that makes a class itself is told that Nest has to', async () => {
    class Alone {
      async run(): Promise<void> {}
    }
    decorate(Alone, { run: { method: [Locked('alone')] } })
    Injectable()(Alone)
    await expect(new Alone().run()).rejects.toThrow('let Nest make the class')
  })
})
