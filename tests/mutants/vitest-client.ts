/** Runs tests in a warm Vitest, which is started by the first of them and again after one that had to be killed. */
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import type { Order, Result } from './vitest-server.ts'

const SERVER = join(import.meta.dirname, 'vitest-server.ts')

export interface Ran extends Result {
  readonly output: string
}

export class VitestClient {
  readonly #root: string
  #server: ChildProcess | undefined

  /** `root`: of the sources. */
  constructor(root: string) {
    this.#root = root
  }

  /** What takes longer than the limit hangs: it is killed, and it is red. */
  run(order: Order, limitMs: number): Promise<Ran> {
    const server = (this.#server ??= this.#start())
    return new Promise((resolve, reject) => {
      let output = ''
      const gather = (chunk: Buffer): void => {
        output += chunk.toString()
      }
      const streams = [server.stdout, server.stderr]
      const end = (): void => {
        clearTimeout(hanging)
        server.removeAllListeners()
        for (const stream of streams) stream?.off('data', gather)
      }
      const hanging = setTimeout(() => {
        end()
        this.close()
        resolve({
          passed: [],
          failed: [],
          isRed: true,
          isOfTime: true,
          output: `${output}\nno end within ${limitMs} ms`,
        })
      }, limitMs)
      server.once('message', (result: Result) => {
        end()
        resolve({ ...result, output })
      })
      server.once('exit', (code) => {
        end()
        this.#server = undefined
        reject(new Error(`the test runner ended by itself with ${code}: ${output}`))
      })
      for (const stream of streams) stream?.on('data', gather)
      server.send(order)
    })
  }

  /** With the processes of its tests. */
  close(): void {
    const { pid } = this.#server ?? {}
    this.#server = undefined
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  }

  #start(): ChildProcess {
    return fork(SERVER, {
      cwd: this.#root,
      // A group of its own, which can be killed as one.
      detached: true,
      env: { ...process.env, NO_COLOR: '1' },
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
  }
}
