/**
 * Hosts of a network of our own, each a network namespace with an address, joined by a bridge, and packets that are lost
 * between them as they are in a real partition. All of it lies inside the namespace that this process was started in, so
 * nothing of the machine's own network is ever touched, and the kernel takes everything away when the last of us is gone.
 */
import { closeSync, openSync, readlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { ChildProcess } from 'node:child_process'
import { run, which } from '../engines/command.ts'
import { launch, signalServer } from '../engines/guard.ts'
import { locateInstalled } from '../engines/install.ts'
import { until } from '../engines/until.ts'
import { requireNetworkNamespaces } from './rights.ts'

const WHAT = 'a network of hosts'
const STEP_WITHIN_MS = 10_000
const HOSTS_MAX = 200
const NET = '10.77.0'
/** The bridge's own address, by which this process talks to the hosts. */
const HUB = 254
const BRIDGE = 'lab'
/** Which namespace this process is not in any more. */
const OUTSIDE = 'HOLDFAST_LAB_OUTSIDE'

export interface Host {
  readonly name: string
  readonly address: string
  /** Stands before a command that is to run on this host: for `StartOptions.within`. */
  readonly within: readonly string[]
}

/** What `from` sends does not arrive at `to`. Both ways are two cuts. */
export interface Cut {
  readonly from: Host
  readonly to: Host
}

export interface Hosts extends AsyncDisposable {
  readonly hosts: readonly Host[]
  readonly hubAddress: string
  /** These cuts and no others, from now on. Packets are dropped without a word, on connections that exist too. */
  cut(cuts: readonly Cut[]): Promise<void>
  heal(): Promise<void>
  close(): Promise<void>
}

/** How to start a program that opens hosts. Installs what it needs, because inside there is no way out. */
export interface OwnNetwork {
  readonly within: readonly [string, ...string[]]
  readonly environment: Readonly<Record<string, string>>
}

/** Rejects with RightsMissing or EngineNotAvailable. */
export async function locate(): Promise<OwnNetwork> {
  const within = await requireNetworkNamespaces(WHAT)
  const pattern = /(\d+(?:\.\d+)*)/
  for (const [program, from] of [
    ['ip', 'iproute2'],
    ['nft', 'nftables'],
  ] as const) {
    const version = { args: ['-V'], pattern }
    await locateInstalled({ engineName: WHAT, packages: [from], program, version })
  }
  return { within, environment: { [OUTSIDE]: ownNamespace() } }
}

export async function openHosts(names: readonly string[]): Promise<Hosts> {
  const outside = process.env[OUTSIDE]
  if (outside === undefined || outside === ownNamespace()) {
    throw new Error('hosts are opened by a process that was started in a network of its own, with what locate() says')
  }
  if (names.length > HOSTS_MAX) throw new RangeError(`at most ${HOSTS_MAX} hosts`)
  const holders: ChildProcess[] = []
  try {
    await shell([], [`ip link set lo up`, `ip link add ${BRIDGE} type bridge`, `ip link set ${BRIDGE} up`])
    await shell([], [`ip addr add ${NET}.${HUB}/24 dev ${BRIDGE}`])
    const hosts: Host[] = []
    for (const [index, name] of names.entries()) hosts.push(await openHost(name, index + 1, holders))
    return new Network(hosts, holders)
  } catch (error) {
    await dismantle(holders)
    throw error
  }
}

/** A namespace lives as long as a process is in it, so one sleeps in each. */
async function openHost(name: string, number: number, holders: ChildProcess[]): Promise<Host> {
  const output = openSync('/dev/null', 'w')
  const command = ['unshare', '--net', 'sleep', 'infinity'] as const
  const holder = launch({ command, cwd: tmpdir(), environment: { PATH: process.env['PATH'] ?? '' }, output })
  closeSync(output)
  holders.push(holder)
  const pid = String(holder.pid)
  await until(() => namespaceOf(pid) !== ownNamespace(), { withinMs: STEP_WITHIN_MS, what: `the namespace of ${name}` })
  const within = ['nsenter', `--net=/proc/${pid}/ns/net`, '--']
  const address = `${NET}.${number}`
  const link = `lab${number}`
  await shell(
    [],
    [`ip link add ${link} type veth peer name eth0 netns ${pid}`, `ip link set ${link} master ${BRIDGE} up`],
  )
  await shell(within, ['ip link set lo up', `ip addr add ${address}/24 dev eth0`, 'ip link set eth0 up'])
  await nft(within, 'add table inet lab\nadd chain inet lab arriving { type filter hook input priority 0; }\n')
  return { name, address, within }
}

class Network implements Hosts {
  readonly hosts: readonly Host[]
  readonly hubAddress = `${NET}.${HUB}`
  readonly #holders: readonly ChildProcess[]
  #isOpen = true

  constructor(hosts: readonly Host[], holders: readonly ChildProcess[]) {
    this.hosts = hosts
    this.#holders = holders
  }

  async cut(cuts: readonly Cut[]): Promise<void> {
    const script = (to: Host): string => {
      const drops = cuts.filter((each) => each.to === to).map(({ from }) => `ip saddr ${from.address} drop`)
      return ['flush chain inet lab arriving', ...drops.map((drop) => `add rule inet lab arriving ${drop}`), ''].join(
        '\n',
      )
    }
    await Promise.all(this.hosts.map((host) => nft(host.within, script(host))))
  }

  heal(): Promise<void> {
    return this.cut([])
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    await dismantle(this.#holders)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** The links between go with the namespaces they lead to, and what runs there has been ended by who started it. */
async function dismantle(holders: readonly ChildProcess[]): Promise<void> {
  for (const holder of holders) signalServer(holder, 'SIGKILL')
  await shell([], [`ip link del ${BRIDGE}`]).catch(() => undefined)
}

async function shell(within: readonly string[], lines: readonly string[]): Promise<void> {
  const [program, ...args] = [...within, 'sh', '-ec', lines.join('\n')]
  await run(program, args, { withinMs: STEP_WITHIN_MS })
}

async function nft(within: readonly string[], script: string): Promise<void> {
  const [program, ...args] = [...within, (await which('nft')) ?? 'nft', '-f', '-']
  await run(program, args, { withinMs: STEP_WITHIN_MS, input: script })
}

function ownNamespace(): string {
  return namespaceOf('self') ?? ''
}

function namespaceOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`)
  } catch {
    return undefined
  }
}
