import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parseEvent } from '@holdfast/testbed/history'

/** The card company of the demo as its own process, with its address. */
async function openBank(): Promise<{ readonly url: string; close(): Promise<unknown> }> {
  const program = fileURLToPath(new URL('bank.ts', import.meta.url))
  const child = spawn(process.execPath, [program, '0'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => child.once('close', resolve))
  const close = (): Promise<unknown> => {
    child.stdin.end()
    return ended
  }
  for await (const line of createInterface({ input: child.stdout })) {
    const event = parseEvent(line)
    if (event?.f === 'listening') return { url: String(event.in?.['url']), close }
  }
  throw new Error('the card company did not start')
}

test('no connection is kept: a buyer that is stopped for longer than that would write into a closed one', async () => {
  const bank = await openBank()
  const charged = await fetch(`${bank.url}/charge?buyer=ada`)
  expect([charged.headers.get('connection'), await charged.text()]).toEqual(['close', 'receipt-1'])
  const refunded = await fetch(`${bank.url}/refund?buyer=ada&receipt=receipt-1`)
  expect([refunded.headers.get('connection'), await refunded.text()]).toEqual(['close', 'refunded'])
  expect(await bank.close()).toBe(0)
})
