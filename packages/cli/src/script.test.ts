/**
 * What scripts and shells ask the command: by exit codes, and by what it completes.
 *
 * @module-tag real-time
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Sandbox } from './fixture.ts'

let sandbox: Sandbox
beforeEach(() => {
  sandbox = new Sandbox()
})
afterEach(() => sandbox.close())

describe('check', () => {
  it('is live inside of its run, by the environment, by an argument and by stdin, and gone after it', async () => {
    const script =
      'echo "$HOLDFAST_SEQUENCER" > sequencer; $CLI check && $CLI check --quiet "$HOLDFAST_SEQUENCER" && $CLI --json check - < sequencer'
    const during = await sandbox.run(['--namespace', 'shop', 'run', 'job', '--', 'sh', '-c', script])
    expect(during).toMatchObject({ code: 0, stdout: 'live\n{"namespace":"shop","name":"job","state":"live"}\n' })
    const after = await sandbox.run(['check', sandbox.read('sequencer').trim()])
    expect(after).toMatchObject({ code: 1, stdout: 'gone\n' })
  })

  it('without a sequencer, and with text that is none, is wrong usage', async () => {
    expect(await sandbox.run(['check'])).toMatchObject({ code: 2, stdout: '' })
    expect(await sandbox.run(['check', 'job'])).toMatchObject({ code: 2, stdout: '' })
  })
})

it('inspect and ls say by their exit code whether anything is held', async () => {
  expect((await sandbox.run(['inspect', 'job', '--exit-code'])).code).toBe(3)
  expect((await sandbox.run(['ls', '--exit-code'])).code).toBe(3)
  const script = '$CLI inspect job --exit-code && $CLI ls jo --exit-code && ! $CLI ls other --exit-code'
  expect((await sandbox.run(['run', 'job', '--', 'sh', '-c', script])).code).toBe(0)
  expect((await sandbox.run(['inspect', 'job'])).code).toBe(0)
})

describe('completion', () => {
  /** What bash offers behind these words. */
  async function offered(...words: readonly string[]): Promise<readonly string[]> {
    writeFileSync(sandbox.path('completion'), (await sandbox.run(['completion', 'bash'])).stdout)
    writeFileSync(sandbox.path('holdfast'), '#!/bin/sh\nexec $CLI "$@"\n', { mode: 0o755 })
    const script = `. ./completion; COMP_WORDS=(holdfast "$@"); COMP_CWORD=$#; _holdfast; printf '%s\\n' "\${COMPREPLY[@]}"`
    return execFileSync('bash', ['-c', script, 'bash', ...words], {
      cwd: sandbox.folder,
      encoding: 'utf8',
      env: { ...sandbox.environment, PATH: `${sandbox.folder}:${process.env['PATH']}` },
    })
      .trim()
      .split('\n')
  }

  it('offers commands, then their options and those of all, and nothing behind two dashes', async () => {
    expect(await offered('')).toEqual(expect.arrayContaining(['run', 'inspect', 'completion', '--store']))
    expect(await offered('--namespace', 'shop', 'run', '--stop')).toEqual(['--stop-before'])
    expect(await offered('evict', '--')).toEqual(expect.arrayContaining(['--token', '--reason', '--json']))
    expect(await offered('run', 'job', '--', '--sto')).toEqual([''])
  })

  it.each(['zsh', 'fish'])('for %s names each command and each of its options', async (shell) => {
    const { stdout } = await sandbox.run(['completion', shell])
    const { stdout: help } = await sandbox.run(['--help'])
    const commands = Array.from(help.matchAll(/^ {2}([a-z]+) /gm), ([, name = '']) => name).filter(
      (name) => name !== 'help',
    )
    expect(commands.length).toBeGreaterThan(15)
    expect(commands.filter((name) => !new RegExp(`\\b${name}\\b`).test(stdout))).toEqual([])
    for (const option of ['stop-before', 'conflict-exit-code', 'token', 'interval', 'store-file'])
      expect(stdout).toContain(option)
  })
})

describe('man', () => {
  it('has every command, and of a command every option, its examples and what the help says of it', async () => {
    const whole = (await sandbox.talk(['man'], [])).stdout
    const { stdout: help } = await sandbox.talk(['--help'], [])
    const commands = Array.from(help.matchAll(/^ {2}([a-z]+) /gm), ([, name = '']) => name)
    expect(commands.length).toBeGreaterThan(15)
    expect(
      commands.filter((name) => !['help', 'holdfast'].includes(name) && !whole.includes(`.TP\n\\fB${name}\\fR\n`)),
    ).toEqual([])
    const { stdout: page } = await sandbox.talk(['man', 'run'], [])
    const { stdout: helpOfRun } = await sandbox.talk(['run', '--help'], [])
    const options = Array.from(helpOfRun.matchAll(/--([a-z-]+)/g), ([, name = '']) => name)
    expect(options.filter((name) => name !== 'help' && !page.includes(name.replaceAll('-', '\\-')))).toEqual([])
    expect(page).toMatch(/^\.TH HOLDFAST\\-RUN 1 "" "holdfast \d/)
    expect(page).toContain('\n.SH EXAMPLES\n.nf\n  holdfast run nightly \\-\\- ./backup.sh \\-\\-all\n')
    expect(page).toContain('\\fB\\-\\-ttl \\fR\\fI<duration>\\fR\nthe lease: ')
    expect(page).toContain('(default: 10s)')
    const requests = /^\.(?:TH|SH|PP|TP|nf|fi)\b/
    expect(page.split('\n').filter((line) => /^[.']/.test(line) && !requests.test(line))).toEqual([])
    expect(await sandbox.talk(['man', 'frobnicate'], [])).toMatchObject({ code: 2, stdout: '' })
  })
})
