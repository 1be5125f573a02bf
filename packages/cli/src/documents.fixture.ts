/** For tests: whether what a command printed with --json is what the published schema says, and nothing else. */
import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'

const SCHEMA = JSON.parse(readFileSync(new URL('../schemas/documents.json', import.meta.url), 'utf8')) as SchemaNode

/** The definition of what each command prints on stdout. */
const KINDS: Readonly<Record<string, string>> = {
  ls: 'line',
  inspect: 'line',
  watch: 'change',
  elect: 'leader',
  evict: 'eviction',
  acquire: 'handover',
  hold: 'hold',
  check: 'check',
  history: 'history',
  members: 'member',
  partitions: 'partition',
  doctor: 'doctor',
  rebase: 'rebase',
  schema: 'statements',
}

interface SchemaNode {
  readonly [key: string]: SchemaNode | readonly SchemaNode[] | string | boolean | number | null
}

interface Printed {
  readonly stdout: string
  readonly stderr: string
}

const validators = new Map<string, ValidateFunction>()
const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true, formats: { 'date-time': true } })
ajv.addSchema(closed(SCHEMA), 'documents')

/** One sentence for each document that is not as the schema says. */
export function documentComplaints(args: readonly string[], { stdout, stderr }: Printed): readonly string[] {
  const at = args.indexOf('--')
  const own = at < 0 ? args : args.slice(0, at)
  if (!own.includes('--json')) return []
  const command = own.find((each) => Object.hasOwn(KINDS, each))
  const kind = at < 0 && command !== undefined ? KINDS[command] : undefined
  return [
    ...(kind === undefined ? [] : complaintsOf(kind, stdout)),
    ...complaintsOf('message', stderr.replaceAll(/^(?!\{"event":).*\n?/gm, '')),
  ]
}

export function complaintsOf(kind: string, lines: string): readonly string[] {
  return lines
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => {
      const validate = validatorOf(kind)
      return validate(parsed(line)) ? [] : [`not a ${kind}: ${line}\n${ajv.errorsText(validate.errors)}`]
    })
}

function validatorOf(kind: string): ValidateFunction {
  const known = validators.get(kind) ?? ajv.getSchema(`documents#/$defs/${kind}`)
  if (known === undefined) throw new Error(`no definition of ${kind}`)
  validators.set(kind, known)
  return known
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** A field may be added only together with its line in the schema. */
function closed(node: SchemaNode): SchemaNode {
  const inner = Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, isNode(value) ? closed(value) : closedList(value)]),
  )
  const isOpen =
    isNode(node['properties'] ?? null) && node['additionalProperties'] === undefined && node['type'] === 'object'
  return isOpen ? { ...inner, additionalProperties: false } : inner
}

function closedList(value: SchemaNode[string]): SchemaNode[string] {
  return Array.isArray(value) ? value.map((each: SchemaNode) => (isNode(each) ? closed(each) : each)) : value
}

function isNode(value: unknown): value is SchemaNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
