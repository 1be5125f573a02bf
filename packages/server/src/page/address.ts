/** What the address of the page says after its `#`: which view, which lock, which filter; and the key it came with. */
import { NO_FILTER, type RowFilter, SORTS } from './line-table.ts'
import { nameOf, spellingOf } from './words.ts'

export type Place =
  | { readonly view: 'lines'; readonly filter: RowFilter }
  | { readonly view: 'line'; readonly name: string }
  | { readonly view: 'owner'; readonly owner: string }
  | { readonly view: 'store' }

export function placeOf(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?')
  if (path === '/store') return { view: 'store' }
  const [, spelling] = /^\/lock\/(.+)$/.exec(path) ?? []
  if (spelling !== undefined) return { view: 'line', name: nameOf(spelling) }
  const [, owner] = /^\/owner\/(.+)$/.exec(path) ?? []
  if (owner !== undefined) return { view: 'owner', owner: nameOf(owner) }
  const values = new URLSearchParams(query)
  const sort = SORTS.find((each) => each === values.get('sort')) ?? NO_FILTER.sort
  const state = values.get('state') ?? ''
  return {
    view: 'lines',
    filter: { text: values.get('q') ?? '', state, onlyContended: values.get('waits') === '1', sort },
  }
}

export function hashOf(place: Place): string {
  if (place.view === 'store') return '#/store'
  if (place.view === 'line') return `#/lock/${spellingOf(place.name)}`
  if (place.view === 'owner') return `#/owner/${spellingOf(place.owner)}`
  const { text, state, onlyContended, sort } = place.filter
  const values = new URLSearchParams()
  if (text !== '') values.set('q', text)
  if (state !== '') values.set('state', state)
  if (onlyContended) values.set('waits', '1')
  if (sort !== NO_FILTER.sort) values.set('sort', sort)
  const query = values.toString()
  return query === '' ? '#/' : `#/?${query}`
}

/** The secret of the link that `holdfast serve` prints; a fragment is never sent to a server. */
export function keyIn(hash: string): string | undefined {
  return /^#k=([\w-]{20,200})$/.exec(hash)?.[1]
}
