import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { run, which } from '../engines/command.ts'
import { mountsBeneath, unmountBeneath } from './mounts.ts'
import { requireAbility, requireRoot } from './rights.ts'

const PATH = process.env['PATH'] ?? ''
let folder = ''
let disk = ''
let umount = ''

beforeEach(async (context) => {
  await requireAbility(context, () => requireRoot('a disk of a test'))
  folder = mkdtempSync(join(tmpdir(), 'holdfast-mounts-'))
  disk = join(folder, 'disk')
  mkdirSync(disk)
  umount = (await which('umount')) ?? 'umount'
  await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { withinMs: 20_000 })
})
afterEach(async () => {
  process.env['PATH'] = PATH
  if (mountsBeneath(folder).length > 0) await run(umount, [disk], { withinMs: 20_000 })
  rmSync(folder, { recursive: true, force: true })
})

/** In place of the command: does this and says that it has failed. */
function insteadOfUmount(what: string): void {
  const path = join(folder, 'umount')
  writeFileSync(path, `#!/bin/sh\n${what}\nexit 1\n`)
  chmodSync(path, 0o755)
  process.env['PATH'] = `${folder}${delimiter}${PATH}`
}

test('what somebody else unmounts at the same moment is unmounted', () => {
  insteadOfUmount(`${umount} "$2"`)
  unmountBeneath(folder)
  expect(mountsBeneath(folder)).toEqual([])
})

test('what stays mounted is an error that names it', () => {
  insteadOfUmount(':')
  expect(() => unmountBeneath(folder)).toThrow(`cannot unmount ${disk}`)
})
