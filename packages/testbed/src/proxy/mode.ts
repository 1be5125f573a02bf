/** What a proxy does with the bytes that come by. */

export type Direction = 'requests' | 'replies'

export type ProxyMode =
  | { readonly kind: 'pass' }
  /** Every chunk waits `delayMs` plus a random part of `jitterMs`; the order within a connection is kept. */
  | { readonly kind: 'delay'; readonly delayMs: number; readonly jitterMs?: number }
  /** Nothing passes and nothing is lost: what was sent arrives when the mode ends, as TCP does after a partition. */
  | { readonly kind: 'hold' }
  /** Connections are reset (RST), new ones too. */
  | { readonly kind: 'cut' }
  /** Bytes vanish both ways, the ends of connections as well: each side believes the other to be silent. */
  | { readonly kind: 'black-hole' }
  /** Requests reach the server and are carried out; the answers vanish. */
  | { readonly kind: 'lose-replies' }
  /** The server never hears of it; what it has to say arrives. */
  | { readonly kind: 'lose-requests' }

export const modeKinds: readonly ProxyMode['kind'][] = [
  'pass',
  'delay',
  'hold',
  'cut',
  'black-hole',
  'lose-replies',
  'lose-requests',
]

export function loses(mode: ProxyMode, direction: Direction): boolean {
  return mode.kind === 'black-hole' || mode.kind === `lose-${direction}`
}
