/**
 * What every driver module exports, under the same names. The command line takes the module itself as a `Driver`, so a
 * driver that forgets a name does not compile.
 */
import type { Proxy } from '../proxy/proxy.ts'
import type { Engine, Release, StartOptions } from './engine.ts'

/** How to run a server's program, found or installed. */
export interface Program {
  readonly version: string
  /** The program and what must stand before its own arguments. */
  readonly command: readonly [string, ...string[]]
}

/** One server of several. */
export interface Member {
  /** Unique in its group, for example `primary` or `replica 2`. */
  readonly name: string
  readonly engine: Engine
  /** Stands before the engine when the group was started with `proxied`. */
  readonly proxy: Proxy | undefined
  /** Where clients should go: the proxy if there is one. */
  readonly url: string
}

/** Servers that belong together and go together. */
export interface Group extends AsyncDisposable {
  readonly members: readonly Member[]
  /** The one URL of the whole, where there is such a thing. */
  readonly url: string | undefined
  /** Kills all members, closes the proxies and deletes the folders. */
  close(): Promise<void>
}

export interface ShapeRequest extends StartOptions {
  /** How many servers; what that counts is the shape's affair, and so is its default. */
  readonly count?: number
  /** A proxy of our own before every member. */
  readonly proxied?: boolean
  /** Copies of each master, where the shape has masters. */
  readonly replicas?: number
}

/** A way to start several servers. */
export interface Shape {
  /** For --help: what `count` counts, with its default. */
  readonly about: string
  readonly counts: { readonly min: number; readonly max: number }
  /** Whether `replicas` means anything here. */
  readonly hasReplicas: boolean
  start(request: ShapeRequest): Promise<Group>
}

export interface Driver {
  readonly engineName: string
  /** The packages of Debian stable that bring it. */
  readonly packages: readonly string[]
  /** Finds or installs the program; rejects with EngineNotAvailable. */
  locate(release?: Release): Promise<Program>
  /** One server with the driver's defaults. */
  start(options?: StartOptions): Promise<Engine>
  /** Resolves when the server at the URL answers its own protocol. */
  ping(url: string): Promise<void>
  /** `single` is there for every engine: that many servers which know nothing of each other. */
  readonly shapes: Readonly<Record<string, Shape>> & { readonly single: Shape }
}
