/** A notice as text: which line changed, which claim in it, and its grant. A resource and an id have no space. */
import type { HeardNotice, Notice } from './engine.ts'

export function noticeText({ resource, id, grant }: Omit<Notice, 'channel'>): string {
  const words = [resource, ...(id === undefined ? [] : [id])]
  return (grant === undefined ? words : [...words, grant.token, grant.atMs, grant.lifeMs]).join(' ')
}

export function messageOf({ channel, ...notice }: Notice): { readonly channel: string; readonly text: string } {
  return { channel, text: noticeText(notice) }
}

/** `undefined` for what another program sent. */
export function noticeIn(text: string): HeardNotice | undefined {
  const [resource = '', id, ...grant] = text.split(' ')
  if (resource === '' || (grant.length !== 0 && grant.length !== 3)) return undefined
  if (id === undefined) return { resource }
  if (grant.length === 0) return { resource, id }
  const [token = '', atMs, lifeMs] = grant
  const [at, life] = [Number(atMs), Number(lifeMs)]
  if (!/^\d{1,19}$/.test(token) || !Number.isFinite(at + life)) return undefined
  return { resource, id, grant: { token: BigInt(token), atMs: at, lifeMs: life } }
}
