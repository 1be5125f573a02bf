import { describe, expect, test, vi } from 'vitest'
import { faultsOf, storesWithFaults } from './catalogue.ts'
import { chosenFaults, faultNamed, needsOf } from './choice.ts'

const own = { scheme: 'redis', isOwn: true, usesStore: true }
const users = { ...own, isOwn: false }

test('what a run makes that does not say exists, needs no rights, and breaks nothing that the store promises', async () => {
  for (const scheme of storesWithFaults) {
    const { names } = await chosenFaults(undefined, { ...own, scheme })
    expect(names).toEqual(faultsOf(scheme)?.usual)
    for (const name of names) expect(faultNamed(scheme, name)?.rights).toBe('none')
    for (const lossy of ['wipe', 'failover', 'power-loss']) expect(names).not.toContain(lossy)
  }
})

describe("on a user's own server", () => {
  test('only the workers and their connections are hurt', async () => {
    const { names } = await chosenFaults(undefined, users)
    const others = 'pause,kill,cut,black-hole,lose-replies,lose-requests,delay,partition'
    expect(names).toEqual(others.split(','))
  })

  test.each(['pause-server', 'kill-server', 'restart-server', 'server-clock-jump', 'wipe', 'disk-full', 'failover'])(
    '%s is refused with the reason',
    async (name) => {
      await expect(chosenFaults(name, users)).rejects.toThrow('it would hit everybody who uses this store')
      await expect(chosenFaults(`pause+${name}`, users)).rejects.toThrow(`--faults ${name}: it would hit everybody`)
    },
  )

  test('all leaves those out, each by name with the reason', async () => {
    const { names, leftOut } = await chosenFaults('all', users)
    expect(names).toContain('partition')
    const serverFaults = 'pause-server,kill-server,restart-server,server-clock-jump,wipe,power-loss,disk-full,failover'
    // Where no clock can be moved, that is left out as well.
    const left = leftOut.map((reason) => reason.split(':')[0]).filter((name) => name !== 'clock-jump')
    expect(left).toEqual(serverFaults.split(','))
  })
})

describe.each(['redis+cluster', 'redis+sentinel'])('on %s:', (scheme) => {
  test('workers and primaries are hurt, and a failover is made where it is asked for', async () => {
    const group = { ...own, scheme }
    const usual = ['pause', 'kill', 'pause-server', 'kill-server', 'restart-server']
    expect((await chosenFaults(undefined, group)).names).toEqual(usual)
    expect((await chosenFaults('failover,pause+failover', group)).names).toEqual(['failover', 'pause+failover'])
  })

  test.each([
    ['cut', 'no worker has a way of its own'],
    ['partition', 'no worker has a way of its own'],
    ['wipe', 'with redis: and redlock: this can be made'],
    ['server-clock-jump', 'no clock and no disk of their own'],
    ['power-loss', 'no clock and no disk of their own'],
    ['busy', 'no file that another program could lock'],
  ])('%s is refused with the reason and with what there is', async (name, reason) => {
    const refused = chosenFaults(name, { ...own, scheme })
    await expect(refused).rejects.toThrow(reason)
    await expect(refused).rejects.toThrow(/has pause, kill, .*failover, or none/)
  })

  test("of a user's the workers alone are hurt", async () => {
    const group = { ...users, scheme }
    expect((await chosenFaults(undefined, group)).names).toEqual(['pause', 'kill'])
    await expect(chosenFaults('failover', group)).rejects.toThrow('it would hit everybody who uses this store')
  })
})

test('a fault whose rights are missing is an error that says which, and all leaves it out by name', async () => {
  vi.spyOn(process, 'getuid').mockReturnValue(1_000)
  const reason =
    process.platform === 'linux' ? 'it needs root; this is an ordinary user' : 'it needs root; this is no Linux'
  await expect(chosenFaults('pause,power-loss', own)).rejects.toThrow(`--faults power-loss: ${reason}`)
  const { names, leftOut } = await chosenFaults('all', own)
  expect(leftOut).toEqual(expect.arrayContaining([`power-loss: ${reason}`, `disk-full: ${reason}`]))
  expect(names).toContain('failover')
})

test('several at the same moment need what each of them needs', () => {
  const both = faultNamed('redis', 'cut+power-loss')
  expect(both).toMatchObject({ rights: 'root', hitsStore: true, begins: 'cut+power-loss' })
  expect([...needsOf('redis', ['cut+power-loss', 'clock-jump'])].toSorted()).toEqual(['disk', 'worker-clock'])
  expect(faultNamed('redis', 'cut+earthquake')).toBeUndefined()
})

test.each([
  ['earthquake', 'there is no such fault'],
  ['busy', 'no file that another program could lock'],
  ['pause+pause+cut+kill+delay', 'at most 4 at the same moment'],
])('%s is refused', async (list, words) => {
  await expect(chosenFaults(list, own)).rejects.toThrow(words)
})

test('every fault says what it does, when it counts, and how the history calls it', () => {
  for (const scheme of storesWithFaults) {
    const faults = [...(faultsOf(scheme)?.faults.values() ?? [])]
    for (const { what, counts } of faults) expect(Math.min(what.length, counts.length)).toBeGreaterThan(15)
    const words = faults.flatMap(({ begins, ends }) => [begins, ...(ends === undefined ? [] : [ends])])
    expect(new Set(words).size).toBe(words.length)
  }
})
