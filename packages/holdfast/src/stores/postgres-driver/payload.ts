/** What a notice says: which line changed, and which claim in it. A resource and an id have no space. */

interface LineNotice {
  readonly resource: string
  readonly id?: string
}

export function payloadOf({ resource, id }: LineNotice): string {
  return id === undefined ? resource : `${resource} ${id}`
}

/** `undefined` for what another program sent. */
export function noticeOf(payload: string): LineNotice | undefined {
  const [resource = '', id, ...rest] = payload.split(' ')
  if (resource === '' || rest.length > 0) return undefined
  return id === undefined ? { resource } : { resource, id }
}
