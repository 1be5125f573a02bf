/**
 * The card company: another process, slow, and outside every transaction. What was charged here stays charged until
 * the buyer asks for a refund; no lock and no fence can change that.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { BANK, SEAT_KEY } from './acts.ts'
import { recorderFor } from './report.ts'

const [chargeMs = '300'] = process.argv.slice(2)
const recorder = recorderFor(BANK)
let receipts = 0

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A buyer may be stopped for longer than a connection is kept, and would send its refund into a closed one.
  response.setHeader('connection', 'close')
  const url = new URL(request.url ?? '/', 'http://bank.invalid')
  const buyer = url.searchParams.get('buyer') ?? ''
  if (url.pathname === '/charge') {
    await sleep(Number(chargeMs))
    const receipt = `receipt-${++receipts}`
    recorder.signal('charged', SEAT_KEY, { buyer, receipt, text: `${buyer} is charged` })
    response.end(receipt)
    return
  }
  const receipt = url.searchParams.get('receipt') ?? ''
  recorder.signal('refunded', SEAT_KEY, { buyer, receipt, text: `${buyer} is refunded` })
  response.end('refunded')
}

const server = createServer((request, response) => void answer(request, response))
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  recorder.signal('listening', SEAT_KEY, { url: `http://127.0.0.1:${port}` })
})
// Ends with the conductor, even one that was killed outright.
process.stdin.on('end', () => process.exit(0)).resume()
