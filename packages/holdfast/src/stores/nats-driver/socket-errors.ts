/**
 * The client of NATS takes its listeners from a socket that has closed, while a request may be on its way to it: the error of that
 * write would be heard by nobody and end the program. So a listener stays. The socket is no part of what the client promises; where
 * it is not found, nothing is done.
 */
import { EventEmitter } from 'node:events'
import type { NatsClient } from './client.ts'

const heard = new WeakSet<object>()

/** For the connection that the client has at this moment. */
export function keepErrorsHeard(client: NatsClient): void {
  const socket = ['protocol', 'transport', 'socket'].reduce<unknown>(memberOf, client)
  if (!isEmitter(socket) || heard.has(socket)) return
  heard.add(socket)
  const remove = socket.removeAllListeners.bind(socket)
  socket.removeAllListeners = (...names) => {
    remove(...names)
    return socket.on('error', ignored)
  }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function isEmitter(value: unknown): value is EventEmitter {
  return value instanceof EventEmitter
}

function ignored(): void {
  // The client has told of the loss already.
}
