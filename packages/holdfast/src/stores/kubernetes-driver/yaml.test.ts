import { expect, test } from 'vitest'
import { parseYaml } from './yaml.ts'

test('a kubeconfig is read as kubectl and the programs of clouds write it', () => {
  const text = `
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: LS0t # a comment
    server: https://10.0.0.1:6443
  name: 'it''s near'
contexts: []
preferences: {}
users:
  - name: "clouds/eu_1/\\u0061"
    user:
      exec:
        args:
          - token
          -
            nested: yes
        env: null
        installHint: Install it by following
          https://example.com/install
        provideClusterInfo: true
      text: |
        one
        two
current-context: arn:aws:eks:eu-central-1:1:cluster/shop
`
  expect(parseYaml(text)).toEqual({
    apiVersion: 'v1',
    clusters: [
      {
        cluster: { 'certificate-authority-data': 'LS0t', server: 'https://10.0.0.1:6443' },
        name: "it's near",
      },
    ],
    contexts: [],
    preferences: {},
    users: [
      {
        name: 'clouds/eu_1/a',
        user: {
          exec: {
            args: ['token', { nested: 'yes' }],
            env: undefined,
            installHint: 'Install it by following https://example.com/install',
            provideClusterInfo: 'true',
          },
          text: 'one\ntwo',
        },
      },
    ],
    'current-context': 'arn:aws:eks:eu-central-1:1:cluster/shop',
  })
})

test('JSON is read as it is, and an empty text is nothing', () => {
  expect(parseYaml(' {"a": [1]}')).toEqual({ a: [1] })
  expect(parseYaml('# nothing\n---\n')).toBeUndefined()
})

test('what is more than that is refused with its line, and nothing of it is repeated', () => {
  const wrong: readonly (readonly [string, number])[] = [
    ['a: &anchor geheim', 1],
    ['a: b\nc: *geheim', 2],
    ['a: !!binary geheim', 1],
    ['a: b\n\tc: geheim', 2],
    ['a:\n  b: c\n d: geheim', 3],
    ['a: b\ngeheim', 2],
  ]
  for (const [text, line] of wrong) {
    expect(() => parseYaml(text), text).toThrow(`line ${line} `)
    expect(() => parseYaml(text), text).not.toThrow(/geheim/)
  }
})
