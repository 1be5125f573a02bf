/**
 * A real browser without a window, for pages that draw themselves and say `data-ready` at their root; spoken to through its
 * own debugging protocol.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { which } from './engines/command.ts'
import type { Program } from './engines/driver.ts'
import { locateInstalled } from './engines/install.ts'

const PACKAGE = 'chromium-headless-shell'
const PROGRAMS = [PACKAGE, 'chromium', 'chromium-browser', 'google-chrome']
const ANSWER_WITHIN_MS = 30_000

interface Answer {
  readonly id?: number
  readonly method?: string
  readonly params?: unknown
  readonly result?: {
    readonly result?: { readonly value?: unknown }
    readonly exceptionDetails?: unknown
    readonly data?: string
  }
}

/** The one that is there, or Debian's, which is installed. Rejects with `EngineNotAvailable`. */
export async function locate(): Promise<Program> {
  const version = { args: ['--version'], pattern: /(\d+(?:\.\d+)+)/ }
  return locateInstalled({ engineName: 'chromium', packages: [PACKAGE], program: PACKAGE, find: installed, version })
}

async function installed(): Promise<string | undefined> {
  for (const name of PROGRAMS) {
    const path = await which(name)
    if (path !== undefined) return path
  }
  return undefined
}

export class Browser implements AsyncDisposable {
  /** What the page threw. */
  readonly complaints: string[] = []
  readonly #child: ChildProcess
  readonly #folder: string
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #asked = 0

  private constructor(child: ChildProcess, folder: string, socket: WebSocket) {
    this.#child = child
    this.#folder = folder
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => {
      const answer = JSON.parse(String(data)) as Answer
      if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer)
      if (answer.method === 'Runtime.exceptionThrown') this.complaints.push(JSON.stringify(answer.params))
    })
  }

  static async open({ command: [program] }: Program, url: string): Promise<Browser> {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-browser-'))
    // The sandbox of the browser needs rights that a test seldom has; the page is our own.
    const options = ['--headless=new', '--no-sandbox', '--disable-gpu', '--window-size=1400,1200']
    const own = ['--remote-debugging-port=0', `--user-data-dir=${folder}`]
    // A group of its own, because Debian's program is a script that starts the browser, which starts others.
    const child = spawn(program, [...options, ...own, 'about:blank'], {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    try {
      const port = await debuggingPort(child)
      const targets = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as {
        type: string
        webSocketDebuggerUrl: string
      }[]
      const socket = new WebSocket(targets.find(({ type }) => type === 'page')?.webSocketDebuggerUrl ?? '')
      await once(socket, 'open')
      const browser = new Browser(child, folder, socket)
      await browser.#send('Runtime.enable')
      await browser.show(url)
      return browser
    } catch (error) {
      await ended(child, folder)
      throw error
    }
  }

  /** Opens the address, and waits until its page is ready. */
  async show(url: string): Promise<void> {
    await this.#send('Page.navigate', { url })
    await this.#ready()
  }

  /** What is seen, as PNG; `width` of a window in pixels. */
  async picture(width: number, height: number, theme: 'light' | 'dark'): Promise<Buffer> {
    await this.#send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false })
    await this.#send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: theme }] })
    await this.drawn()
    const { result } = await this.#send('Page.captureScreenshot', { format: 'png' })
    return Buffer.from(String(result?.data), 'base64')
  }

  /** The value of an expression in the page. */
  async value(expression: string): Promise<unknown> {
    const { result } = await this.#send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })
    if (result?.exceptionDetails !== undefined) throw new Error(JSON.stringify(result.exceptionDetails))
    return result?.result?.value
  }

  /** When the page has drawn what it was told. */
  async drawn(): Promise<void> {
    await this.value('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
  }

  /** Of the group in which all its processes are. */
  get pid(): number | undefined {
    return this.#child.pid
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close()
    await ended(this.#child, this.#folder)
  }

  async #ready(): Promise<void> {
    const limitMs = performance.now() + ANSWER_WITHIN_MS
    while ((await this.value('document.documentElement?.dataset.ready')) !== 'true') {
      if (performance.now() > limitMs) throw new Error(`the page did not come to life: ${this.complaints.join('\n')}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await this.drawn()
  }

  async #send(method: string, params: object = {}): Promise<Answer> {
    const id = (this.#asked += 1)
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const timer = setTimeout(() => reject(new Error(`no answer to ${method}`)), ANSWER_WITHIN_MS)
    this.#waiting.set(id, resolve)
    this.#socket.send(JSON.stringify({ id, method, params }))
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(id)
    }
  }
}

async function debuggingPort(child: ChildProcess): Promise<string> {
  let said = ''
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString()
    const port = /ws:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1]
    if (port !== undefined) resolve(port)
  })
  child.once('exit', () => reject(new Error(`the browser ended: ${said}`)))
  return promise
}

function killGroup({ pid }: ChildProcess): void {
  if (pid !== undefined) process.kill(-pid, 'SIGKILL')
}

async function ended(child: ChildProcess, folder: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = once(child, 'exit')
    killGroup(child)
    await exit
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
}
