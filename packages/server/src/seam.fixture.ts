/** A server that carries the seam of a store, with a token that may do everything, and stores over it. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { holdfast, type Locks, type Store } from 'holdfast'
import { http } from 'holdfast/http'
import { type LockServer, lockServer } from './index.ts'

const TOKEN = 'hf_secret'

interface SeamServerOptions {
  readonly scopes?: string
  readonly prefix?: string
  readonly hosts?: readonly string[]
}

export class SeamServer implements AsyncDisposable {
  readonly #folder: string
  readonly #locks: Locks
  readonly #server: LockServer

  private constructor(folder: string, locks: Locks, server: LockServer) {
    this.#folder = folder
    this.#locks = locks
    this.#server = server
  }

  /** `store` makes another store over one engine. A caller has `scopes` for names under `prefix`, and may call it `hosts`. */
  static async start(
    store: () => Store,
    { scopes = 'read,lock,operate', prefix = '', hosts = [] }: SeamServerOptions = {},
  ): Promise<SeamServer> {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-seam-'))
    const tokensFile = join(folder, 'tokens')
    writeFileSync(tokensFile, `${createHash('sha256').update(TOKEN).digest('hex')} ${scopes} ${prefix}\n`, {
      mode: 0o600,
    })
    const locks = holdfast(store())
    const options = { locks, store: store(), namespace: 'default', tokensFile }
    return new SeamServer(folder, locks, await lockServer({ ...options, listen: '127.0.0.1:0', hosts }))
  }

  get port(): number {
    return Number(new URL(this.#server.url).port)
  }

  store(url: string = this.#server.url): Store {
    return http(url, { token: TOKEN })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.close(0)
    await this.#locks.close()
    rmSync(this.#folder, { recursive: true })
  }
}
