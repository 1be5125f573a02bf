import { expect, test } from 'vitest'
import { Misuse } from '../../store/errors.ts'
import { natsAddressOf } from './address.ts'

test('hosts, a user, a bucket and what it is promised are read from a URL', () => {
  expect(natsAddressOf('nats://host-1,host-2:4333/locks?replicas=3&sync=always')).toEqual({
    servers: ['host-1:4222', 'host-2:4333'],
    isTls: false,
    files: {},
    bucket: 'locks',
    replicas: 3,
    syncsAlways: true,
  })
  expect(natsAddressOf('nats://me:s%2Fcret@[::1]:4222')).toMatchObject({
    servers: ['[::1]:4222'],
    user: 'me',
    password: 's/cret',
  })
  expect(natsAddressOf('nats://token%40@host')).toMatchObject({ token: 'token@' })
})

test('certificates and credentials are files, and certificates need TLS', () => {
  const { isTls, files } = natsAddressOf('natss://host?ca=/etc/ca.pem&cert=/a&key=/b&creds=/c')
  expect({ isTls, files }).toEqual({ isTls: true, files: { ca: '/etc/ca.pem', cert: '/a', key: '/b', creds: '/c' } })
  expect(() => natsAddressOf('nats://host?ca=/etc/ca.pem')).toThrow(/natss:/)
  expect(natsAddressOf('nats://host?creds=/c').files).toEqual({ creds: '/c' })
})

test('what is no address is refused, and nothing of it is repeated', () => {
  const wrong = [
    'nats://',
    'nats://:geheim@host',
    'nats://me:geheim@',
    'nats://me:geheim@host:99999',
    'nats://me:geheim@host/a/b',
    'nats://me:geheim@host?bucket=x',
    'nats://me:geheim@host?replicas=9',
    'nats://me:geheim@host?sync=never',
    'nats://me:%zz@host',
    `nats://me:geheim@${Array.from({ length: 21 }, (_, index) => `host-${index}`).join(',')}`,
  ]
  for (const url of wrong) {
    expect(() => natsAddressOf(url)).toThrow(Misuse)
    expect(() => natsAddressOf(url)).not.toThrow(/geheim/)
  }
})
