import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { virtualClock } from '../../testing/index.ts'
import { KubernetesLogin } from './login.ts'

test('a token in a file is read once a minute, and at once when it was refused', async ({ onTestFinished }) => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const tokenFile = join(folder, 'token')
  const clock = virtualClock()
  const login = new KubernetesLogin({ server: 'https://x', namespace: 'default', tokenFile }, clock)
  const seen = async (token: string): Promise<unknown> => {
    writeFileSync(tokenFile, `${token}\n`)
    return (await login.headers())['authorization']
  }
  expect(await seen('first')).toBe('Bearer first')
  expect(await seen('second')).toBe('Bearer first')
  login.forget()
  expect(await seen('third')).toBe('Bearer third')
  await clock.advance(60_001)
  expect(await seen('fourth')).toBe('Bearer fourth')
  rmSync(tokenFile)
  login.forget()
  await expect(login.headers()).rejects.toThrow(/cannot be read/)
  expect(await seen('fifth')).toBe('Bearer fifth')
})

test('a token of the kubeconfig is what it is, and a certificate needs none', async () => {
  const access = { server: 'https://x', namespace: 'default' }
  expect(await new KubernetesLogin({ ...access, token: 'x' }, virtualClock()).headers()).toEqual({
    authorization: 'Bearer x',
  })
  expect(await new KubernetesLogin(access, virtualClock()).headers()).toEqual({})
})
