/** Finds a command before the wait for its lock begins: a typing mistake must not be reported an hour later. */
import { accessSync, constants, type Stats, statSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { exitCodes, Failure } from './exit-codes.ts'

/** Throws 127 or 126, as a shell would, unless the command can be started. */
export function requireExecutable(command: string, environment: NodeJS.ProcessEnv): void {
  // Windows has other rules (PATHEXT, no x bit); there the start of the command tells.
  if (process.platform === 'win32') return
  const shown = JSON.stringify(command)
  if (command === '') throw new Failure(exitCodes.notFound, 'the command is empty')
  const places = command.includes('/') ? [resolve(command)] : pathOf(environment).map((folder) => join(folder, command))
  const found = places.filter((place) => lookAt(place)?.isFile() === true)
  if (found.some(isExecutable)) return
  if (found.length > 0) throw new Failure(exitCodes.notExecutable, `${shown} is not executable (${found[0]})`)
  if (command.includes('/') && lookAt(places[0]!) !== undefined) {
    throw new Failure(exitCodes.notExecutable, `${shown} is not a file that can be executed`)
  }
  throw new Failure(exitCodes.notFound, `command not found: ${shown}`)
}

/** A folder that may not be searched has nothing for this user; a shell goes on to the next one. */
function lookAt(place: string): Stats | undefined {
  try {
    return statSync(place, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

function pathOf(environment: NodeJS.ProcessEnv): readonly string[] {
  // An empty part means the working directory, by tradition.
  return (environment['PATH'] ?? '/usr/bin:/bin').split(delimiter).map((folder) => (folder === '' ? '.' : folder))
}

function isExecutable(place: string): boolean {
  try {
    accessSync(place, constants.X_OK)
    return true
  } catch {
    return false
  }
}
