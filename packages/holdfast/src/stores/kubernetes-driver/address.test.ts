import { expect, test } from 'vitest'
import { Misuse } from '../../store/errors.ts'
import { kubernetesAddressOf } from './address.ts'

test('a namespace, a context, a pod and a proxy are read from a URL', () => {
  expect(kubernetesAddressOf('kubernetes:')).toEqual({})
  expect(kubernetesAddressOf('kubernetes:shop')).toEqual({ namespace: 'shop' })
  expect(kubernetesAddressOf('kubernetes:/shop?context=me%40near&kubeconfig=/etc/config')).toEqual({
    namespace: 'shop',
    context: 'me@near',
    kubeconfig: '/etc/config',
  })
  expect(kubernetesAddressOf('kubernetes:?service-account=/run/account')).toEqual({ serviceAccount: '/run/account' })
  expect(kubernetesAddressOf('kubernetes://localhost:8001/shop')).toEqual({
    proxy: 'localhost:8001',
    namespace: 'shop',
  })
  expect(kubernetesAddressOf('kubernetes://[::1]:8001')).toEqual({ proxy: '[::1]:8001' })
})

test('what is no address is refused, and nothing of it is repeated', () => {
  const wrong = [
    'kubernetes://geheim',
    'kubernetes://me:geheim@localhost:8001',
    'kubernetes://localhost:99999/geheim',
    'kubernetes:Geheim',
    'kubernetes:a/geheim',
    'kubernetes:?token=geheim',
    'kubernetes:?context=',
    'kubernetes:?service-account=/a&context=geheim',
    'kubernetes://localhost:8001?context=geheim',
  ]
  for (const url of wrong) {
    expect(() => kubernetesAddressOf(url), url).toThrow(Misuse)
    expect(() => kubernetesAddressOf(url), url).not.toThrow(/geheim/i)
  }
})
