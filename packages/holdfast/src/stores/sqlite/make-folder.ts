/** The default folder is made when it is missing, step by step: a recursive mkdir says "no such file" of a read-only disk. */
import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { systemCode } from './errors.ts'

export function makeFolder(folder: string, mode: number): void {
  if (statSync(folder, { throwIfNoEntry: false }) !== undefined) return
  if (dirname(folder) !== folder) makeFolder(dirname(folder), mode)
  try {
    mkdirSync(folder, { mode })
  } catch (error) {
    // Another process may have been quicker.
    if (systemCode(error) !== 'EEXIST') throw error
  }
}
