/** Nest applications for tests, with decorators put on as a compiler puts them on: the nearest to the method first. */
import 'reflect-metadata'
import { type INestApplication, Module, type ModuleMetadata, type Type } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'

type PutOnMethod = (target: object, key: string, descriptor: never) => void
type PutOnArgument = (target: object, key: string, index: number) => void

export interface Decorations {
  readonly [method: string]: { readonly method: readonly PutOnMethod[]; readonly arguments?: readonly PutOnArgument[] }
}

/** `method`: in the order of the source. */
export function decorate(type: Type<unknown>, decorations: Decorations): void {
  for (const [key, { method, arguments: put = [] }] of Object.entries(decorations)) {
    const prototype: object = type.prototype
    put.forEach((decorator, index) => decorator(prototype, key, index))
    const descriptor = Object.getOwnPropertyDescriptor(prototype, key)
    if (descriptor === undefined) throw new Error(`${type.name} has no method ${key}`)
    for (const decorator of method.toReversed()) decorator(prototype, key, descriptor as never)
    Object.defineProperty(prototype, key, descriptor)
  }
}

export async function applicationOf(metadata: ModuleMetadata): Promise<INestApplication> {
  class ApplicationModule {}
  Module(metadata)(ApplicationModule)
  return await NestFactory.create(ApplicationModule, new ExpressAdapter(), { logger: false, abortOnError: false })
}

/** On a free port. */
export async function urlOf(application: INestApplication): Promise<string> {
  await application.listen(0, '127.0.0.1')
  return (await application.getUrl()).replace('[::1]', '127.0.0.1')
}
