/** Names of locks hold ids, and a system of metrics keeps a series for each label for ever. */
import { expect, test } from 'vitest'
import { LABELS_MAX, LockLabels, plainLabel } from './index.ts'

test.each([
  ['seat', 'seat'],
  ['cron:nightly', 'cron:nightly'],
  ['order:4711:pay', 'order:*:pay'],
  ['order/4711/12', 'order/*'],
  ['user-7f0c2a91', 'user-*'],
  ['user:0af76519-16cd-43dd-8448-eb211c80319c', 'user:*'],
  ['mail:anna@example.org', 'mail:*.org'],
  ['upload:V1StGXR8Z5jdHi6BmyT', 'upload:*'],
  ['reindex_2026', 'reindex_*'],
  ['deadbeef', 'deadbeef'],
  ['facade:decade', 'facade:decade'],
  ['a-name-of-a-report-without-any-digits', 'a-name-of-a-report-without-any-digits'],
])('the label of %s is %s', (name, label) => {
  expect(plainLabel(name)).toBe(label)
})

test('ten thousand names that hold no ids are fifty labels and one for all the others, and that is told once', () => {
  let told = 0
  const labels = new LockLabels({}, () => (told += 1))
  const seen = new Set<string>()
  for (let index = 0; index < 10_000; index += 1) {
    const name = `lock of ${String.fromCodePoint(0x4e_00 + index)}`
    seen.add(labels.of('default', name, 'exclusive').lock)
  }
  expect(seen.size).toBe(LABELS_MAX + 1)
  expect(seen).toContain('other')
  expect(told).toBe(1)
  expect(labels.of('default', `lock of ${String.fromCodePoint(0x4e_00)}`, 'exclusive').lock).not.toBe('other')
})

test('a label of your own is used, and the limit stays', () => {
  const labels = new LockLabels({ label: (name, mode) => `${mode} ${name}` }, () => undefined)
  const seen = Array.from({ length: 1_000 }, (_, index) => labels.of('shop', `n${index}`, 'shared').lock)
  expect(seen[0]).toBe('shared n0')
  expect(new Set(seen).size).toBe(LABELS_MAX + 1)
})

test('namespaces are limited as well', () => {
  const labels = new LockLabels({}, () => undefined)
  const seen = Array.from({ length: 1_000 }, (_, index) => labels.of(`tenant ${index}`, 'seat', 'exclusive').namespace)
  const stores = Array.from({ length: 1_000 }, (_, index) => labels.ofNamespace(`tenant ${index}`))
  expect(new Set(seen).size).toBe(LABELS_MAX + 1)
  expect(new Set(stores).size).toBe(LABELS_MAX + 1)
})
