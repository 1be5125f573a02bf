import 'reflect-metadata'
import { Controller, Get, type INestApplication, Module, Param, Post } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { currentLease, HoldfastHealthIndicator, HoldfastModule, Locked, locksToken } from '@holdfast/nestjs'
import type { Locks } from 'holdfast'
import { memory } from 'holdfast/memory'

@Controller('seats')
class SeatsController {
  constructor(private readonly health: HoldfastHealthIndicator) {}

  @Locked('seat:${0}', { busy: 'throw' })
  @Post(':id')
  async sell(@Param('id') id: string) {
    return { sold: id, lock: currentLease().name }
  }

  @Get('ready')
  async ready() {
    return await this.health.check()
  }
}

@Module({ imports: [HoldfastModule.forRoot({ store: memory(), filter: true })], controllers: [SeatsController] })
class AppModule {}

let app: INestApplication
let url = ''
beforeAll(async () => {
  app = await NestFactory.create(AppModule, { logger: false })
  await app.listen(0, '127.0.0.1')
  url = `${await app.getUrl()}/seats`
})
afterAll(() => app.close())

test('a route under a lock answers, and is refused while the lock is held', async () => {
  const answer = await fetch(`${url}/14A`, { method: 'POST' })
  expect([answer.status, await answer.json()]).toEqual([201, { sold: '14A', lock: 'seat:14A' }])
  const lease = await app.get<Locks>(locksToken()).acquire('seat:14A')
  expect((await fetch(`${url}/14A`, { method: 'POST' })).status).toBe(409)
  await lease.release()
})

test('readiness is told', async () => {
  expect((await (await fetch(`${url}/ready`)).json()).locks.status).toBe('up')
})
