import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { NotApplied, StoreUnavailable } from '../../store/errors.ts'
import { virtualClock } from '../../testing/index.ts'
import { type LoginProgram, loginProgramOf, runLoginProgram } from './login-program.ts'
import { ProgramTokens } from './program-tokens.ts'

const EXEC = 'client.authentication.k8s.io/v1'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

/** Beside a kubeconfig of the folder. */
function programOf(script: string, exec: object = {}): LoginProgram {
  writeFileSync(join(folder, 'login'), `#!/bin/sh\n${script}\n`, { mode: 0o700 })
  const program = loginProgramOf({ command: './login', apiVersion: EXEC, ...exec }, {}, join(folder, 'config'))
  if (typeof program === 'string') throw new Error(program)
  return program
}

const printing = (status: string): string =>
  `echo '{"apiVersion": "${EXEC}", "kind": "ExecCredential", "status": {${status}}}'`

test('it is given its arguments and its environment, and is told that nobody can be asked', async () => {
  const program = programOf(
    `case "$KUBERNETES_EXEC_INFO" in *'"interactive":false'*) ;; *) exit 3;; esac\n${printing('"token": "\'"$1$SHOP"\'"')}`,
    { args: ['a b'], env: [{ name: 'SHOP', value: 'c' }] },
  )
  expect(await runLoginProgram(program)).toEqual({ token: 'a bc', endsAtMs: undefined })
})

test('a token is used until shortly before its end, many requests start one program, and the old one counts meanwhile', async () => {
  const clock = virtualClock()
  const endAt = (inMs: number): void =>
    writeFileSync(join(folder, 'end'), new Date(clock.wallMs() + inMs).toISOString().replace(/\n/, ''))
  const program = programOf(
    `cd "$(dirname "$0")"; echo x >> runs\n${printing('"token": "\'$(grep -c x runs)\'", "expirationTimestamp": "\'$(cat end)\'"')}`,
  )
  const tokens = new ProgramTokens(program, clock)
  const runs = (): number => readFileSync(join(folder, 'runs'), 'utf8').trim().split('\n').length
  endAt(600_000)
  expect(await Promise.all([tokens.current(), tokens.current()])).toEqual(['1', '1'])
  expect(runs()).toBe(1)
  await clock.advance(500_000)
  expect(await tokens.current()).toBe('1')
  expect(runs()).toBe(1)
  endAt(600_000)
  await clock.advance(50_000)
  expect(await tokens.current()).toBe('1')
  await expect.poll(() => tokens.current()).toBe('2')
  expect(runs()).toBe(2)
  endAt(600_000)
  await clock.advance(700_000)
  expect(await tokens.current()).toBe('3')
  tokens.forget()
  expect(await tokens.current()).toBe('4')
})

test.each([
  ['echo geheim', 'no ExecCredential', true],
  [`echo '{"apiVersion": "v2", "kind": "ExecCredential"}'`, 'an ExecCredential of v2', true],
  [printing('"clientCertificateData": "x"'), 'no token: a certificate', true],
  [printing('"token": "geheim", "expirationTimestamp": "soon"'), 'that is no time', true],
  ['echo "log in with aws sso login" >&2; exit 3', 'ended with 3: log in with aws sso login', false],
])('where it says %j the error says so, and no token', async (script, words, isFinal) => {
  const failed = runLoginProgram(programOf(script))
  await expect(failed).rejects.toThrow(words)
  await expect(failed).rejects.not.toThrow('geheim')
  await expect(failed).rejects.toThrow(isFinal ? StoreUnavailable : NotApplied)
})

test('one that does not end is ended with its limit', async () => {
  const failed = runLoginProgram(programOf('sleep 60'), 100)
  await expect(failed).rejects.toThrow('did not end within 100 ms')
  await expect(failed).rejects.toThrow(NotApplied)
})
