/** `npm run engines`: servers by hand, until Ctrl-C. */
import { createInterface } from 'node:readline'
import { act, type Report, stateOf } from './actions.ts'
import { UsageError } from '../command-line.ts'
import { helpText, type Order, readOrder } from './command-line.ts'
import type { Group } from './driver.ts'
import { EngineNotAvailable } from './engine.ts'

const PARENT_LOOK_MS = 500

interface Running {
  /** Absent while it starts; then the guard alone cleans up. */
  group?: Group
}

async function main(): Promise<void> {
  const order = readOrder(process.argv.slice(2))
  if (order === undefined) {
    process.stdout.write(helpText)
    return
  }
  const running: Running = {}
  endInGoodOrder(running)
  const startedMs = performance.now()
  const group = await order.shape.start(order.request)
  running.group = group
  announce(order, group, Math.round(performance.now() - startedMs))
  const lines = createInterface({ input: process.stdin })
  for await (const line of lines) await answer(order, group, line)
}

/** The guard would do at any exit; closing also collects the dead, which would else wait for a busy first process. */
function endInGoodOrder(running: Running): void {
  const end = (): void => {
    const closed = running.group?.close() ?? Promise.resolve()
    void closed.finally(() => process.exit(0))
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end)
  // npm and its shell do not forward every death, and then nothing else would end this. It keeps the process alive as well.
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) end()
  }, PARENT_LOOK_MS)
}

function announce({ json }: Order, group: Group, readyInMs: number): void {
  const servers = group.members.map(({ name, engine, proxy, url }, index) => ({
    server: index + 1,
    name,
    engine: engine.name,
    url,
    ...(proxy !== undefined && { directUrl: engine.url }),
    pid: engine.pid,
  }))
  if (json) {
    print({ ready: true, readyInMs, ...(group.url !== undefined && { url: group.url }), servers })
    return
  }
  for (const { server, name, engine, url, directUrl, pid } of servers) {
    const direct = directUrl === undefined ? '' : `  (directly ${directUrl})`
    say(`${String(server).padStart(2)}  ${name.padEnd(24)}  ${engine}  ${url}${direct}  pid ${pid}`)
  }
  if (group.url !== undefined) say(`all: ${group.url}`)
  say(`Ready in ${readyInMs} ms. Type "kill 1" or the like (--help has the list); Ctrl-C ends everything.`)
}

async function answer({ json }: Order, group: Group, line: string): Promise<void> {
  try {
    for (const report of await act(group, line)) sayReport(json, report)
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    if (json) print({ error: text, servers: group.members.map(stateOf) })
    else say(text)
  }
}

function sayReport(json: boolean, report: Report): void {
  if (json) print(report)
  else say(`${String(report.server).padStart(2)}  ${report.name.padEnd(24)}  ${report.text}`)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function print(value: object): void {
  say(JSON.stringify(value))
}

try {
  await main()
} catch (error) {
  const isExpected = error instanceof UsageError || error instanceof EngineNotAvailable
  const text = error instanceof Error ? ((isExpected ? undefined : error.stack) ?? error.message) : String(error)
  process.stderr.write(`${text}\n`)
  process.exit(error instanceof UsageError ? 2 : 1)
}
