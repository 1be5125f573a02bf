import { expect, test } from 'vitest'
import { Misuse } from '../../store/errors.ts'
import { dynamodbAddressOf } from './address.ts'

test('a region finds its endpoint and its credentials as the SDK does', () => {
  expect(dynamodbAddressOf('dynamodb://eu-central-1')).toEqual({ config: { region: 'eu-central-1' } })
  expect(dynamodbAddressOf('dynamodb://us-gov-west-1/locks?profile=night')).toEqual({
    table: 'locks',
    config: { region: 'us-gov-west-1', profile: 'night' },
  })
})

test('a host with its port is a server of your own, with keys of no meaning unless it names some', () => {
  expect(dynamodbAddressOf('dynamodb://localhost:8000/locks')).toEqual({
    table: 'locks',
    config: {
      region: 'local',
      endpoint: 'http://localhost:8000',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    },
  })
  expect(dynamodbAddressOf('dynamodb://key:s%2Fcret@10.0.0.7:8000?region=eu-west-1').config).toEqual({
    region: 'eu-west-1',
    endpoint: 'http://10.0.0.7:8000',
    credentials: { accessKeyId: 'key', secretAccessKey: 's/cret' },
  })
})

test('what names neither is refused, and nothing of it is repeated', () => {
  const wrong = [
    'dynamodb://',
    'dynamodb://localhost',
    'dynamodb://key:geheim@eu-west-1',
    'dynamodb://key@localhost:8000',
    'dynamodb://localhost:99999',
    'dynamodb://eu-west-1?region=eu-west-2',
    'dynamodb://eu-west-1?table=x',
    'dynamodb://eu-west-1/%zz',
  ]
  for (const url of wrong) {
    expect(() => dynamodbAddressOf(url)).toThrow(Misuse)
    expect(() => dynamodbAddressOf(url)).not.toThrow(/geheim/)
  }
})
