/**
 * Brings an engine's program from the packages of this machine's own Debian. It removes nothing,
 * it keeps the package from starting a service, and it says why where it cannot.
 */
import type { Program } from './driver.ts'
import { EngineNotAvailable } from './engine.ts'
import { run, which } from './command.ts'
import { oneAtATime } from './one-at-a-time.ts'

const INSTALL_WITHIN_MS = 5 * 60_000
const VERSION_WITHIN_MS = 10_000

export interface Wanted {
  readonly engineName: string
  readonly packages: readonly string[]
  readonly program: string
  /** Where it is, for a program that the PATH does not lead to. @default by the PATH */
  find?(): Promise<string | undefined>
  /** How the program is asked for its version, and where the answer has it (first group). */
  readonly version: { readonly args: readonly string[]; readonly pattern: RegExp }
}

export async function locateInstalled(wanted: Wanted): Promise<Program> {
  const find = (): Promise<string | undefined> => wanted.find?.() ?? which(wanted.program)
  let path = await find()
  if (path === undefined) {
    const prefix = await rootPrefix(wanted.engineName)
    await oneAtATime('install', async () => {
      if ((await find()) === undefined) await install(wanted, prefix)
    })
    path = await find()
  }
  if (path === undefined) {
    throw new EngineNotAvailable(wanted.engineName, `${wanted.packages.join(', ')} brought no ${wanted.program}`)
  }
  return { version: await versionOf([path], wanted), command: [path] }
}

export async function versionOf(command: Program['command'], { version }: Wanted): Promise<string> {
  const [program, ...args] = command
  const text = await run(program, [...args, ...version.args], { withinMs: VERSION_WITHIN_MS })
  return version.pattern.exec(text)?.[1] ?? 'of unknown version'
}

/** What must stand before a command that needs root. */
async function rootPrefix(engineName: string): Promise<readonly string[]> {
  if ((await which('apt-get')) === undefined) {
    throw new EngineNotAvailable(engineName, 'it is not installed, and this machine has no apt-get to install it')
  }
  if (process.getuid?.() === 0) return []
  const sudo = await which('sudo')
  if (sudo !== undefined) {
    const allowed = await run(sudo, ['-n', 'true'], { withinMs: VERSION_WITHIN_MS }).then(
      () => true,
      () => false,
    )
    if (allowed) return [sudo, '-n']
  }
  throw new EngineNotAvailable(engineName, 'it is not installed, and installing needs root or sudo without a password')
}

/**
 * Debian starts the service of a package it installs unless /usr/sbin/policy-rc.d says no. A machine's own policy is
 * left alone; where there is none, ours says no until the installation is over. A package that is held back by an old
 * list is why the lists come first.
 */
const SCRIPT = `
policy=/usr/sbin/policy-rc.d
mark='holdfast-lab: no service starts while an engine is installed'
if [ ! -e "$policy" ] || grep -qF "$mark" "$policy"; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' HUP INT TERM
  printf '#!/bin/sh\\n# %s\\nexit 101\\n' "$mark" > "$policy"
  chmod 755 "$policy"
fi
apt-get -qq -o DPkg::Lock::Timeout=120 update || echo "apt-get update failed; going on with the lists there are" >&2
apt-get -qq -y -o DPkg::Lock::Timeout=120 --no-install-recommends --no-upgrade --no-remove install "$@"
`

async function install({ engineName, packages }: Wanted, prefix: readonly string[]): Promise<void> {
  const [program = 'sh', ...args] = [...prefix, 'sh', '-c', SCRIPT, 'install', ...packages]
  try {
    await run(program, args, { withinMs: INSTALL_WITHIN_MS })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new EngineNotAvailable(engineName, `installing ${packages.join(', ')} failed: ${reason}`)
  }
}
