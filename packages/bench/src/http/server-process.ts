/** A `holdfast serve` in a process of its own, for one measurement. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'

/** `store`: the URL of its store. */
export async function whileServed<T>(store: string, work: (url: string) => Promise<T>): Promise<T> {
  const command = createRequire(import.meta.url).resolve('@holdfast/cli/bin')
  const args = [command, 'serve', '--store', store, '--listen', '127.0.0.1:0', '--no-dashboard', '--json']
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const [first] = (await once(server.stdout, 'data')) as [Buffer]
    const { url } = JSON.parse(first.toString()) as { readonly url: string }
    return await work(url)
  } finally {
    server.kill('SIGKILL')
    await once(server, 'exit')
  }
}
