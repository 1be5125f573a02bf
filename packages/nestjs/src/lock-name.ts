/** How a call names its lock: a text with places for arguments, or a function of them. */
import { Misuse } from 'holdfast'

/** Names the lock of one call, or several that are taken all or nothing. */
export type NameOfCall<Args extends readonly unknown[]> = (...args: Args) => string | readonly string[]

/**
 * `'nightly'`, `'seat:${0}'` with the first argument, `'seat:${0.id}'` with a property of it, or `'seat:${id}'` with a property of the only
 * argument that is an object. Values are strings, numbers, bigints or booleans; a `:` and a `%` in them are percent-encoded.
 */
export type LockName<Args extends readonly unknown[]> = string | readonly string[] | NameOfCall<Args>

type Call = readonly unknown[]

const PLACE = /\$\{([^}]*)\}/g
const PATH = /^(?:\d+|[A-Za-z_$][\w$]*)(?:\.[A-Za-z_$][\w$]*)*$/

/** Reads the texts once, so that a wrong one fails when the class is made and not at a call. */
export function nameFunction(name: LockName<never>): (call: Call) => string | readonly string[] {
  if (typeof name === 'function') return (call) => name(...(call as never))
  if (typeof name === 'string') return templateOf(name)
  const templates = name.map((each) => templateOf(each))
  return (call) => templates.map((template) => template(call))
}

function templateOf(text: string): (call: Call) => string {
  if (typeof text !== 'string') throw new Misuse('@Locked needs a name, a list of names, or a function that names')
  for (const [place, path = ''] of text.matchAll(PLACE)) {
    if (!PATH.test(path))
      throw new Misuse(`the name "${text}" has a place ${place}: write an argument such as \${0} or \${0.id}`)
  }
  return (call) => text.replaceAll(PLACE, (_, path: string) => encoded(valueAt(path, call, text), path, text))
}

function valueAt(path: string, call: Call, text: string): unknown {
  const [first = '', ...rest] = path.split('.')
  if (/^\d/.test(first)) return follow(call[Number(first)], rest)
  const objects = call.filter((each) => typeof each === 'object' && each !== null)
  if (objects.length === 1) return follow(objects[0], [first, ...rest])
  throw new Misuse(
    `the name "${text}" of a lock takes \${${path}} from the only object among the arguments, and there are ${objects.length}: ` +
      `write its number, such as \${0.${path}}, or a function`,
  )
}

function follow(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (so, key) => (typeof so === 'object' && so !== null ? Reflect.get(so, key) : undefined),
    value,
  )
}

/** "seat:undefined" would be one lock for everything that lacks its id; a ":" in a value would imitate another name. */
function encoded(value: unknown, path: string, text: string): string {
  const isPlain = ['string', 'number', 'bigint', 'boolean'].includes(typeof value)
  if (isPlain && value !== '') return String(value).replaceAll(/[%:]/g, encodeURIComponent)
  const found = value === '' ? 'empty' : value === null ? 'null' : typeof value
  throw new Misuse(
    `the name "${text}" of a lock needs \${${path}}, which is ${found} in this call: nothing was locked and nothing done`,
  )
}
