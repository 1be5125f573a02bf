/** A record as a row: its version, its token and its claims are columns. */
import type { AloneRenewal, HeldText, RenewedLine, StoredText } from '../records/swap-engine.ts'
import type { SqlRow } from './driver.ts'

/** What the statements of a dialect are made of. */
export type { AloneRenewal, HeldText }

/** The text of a record begins with its token, which has a column of its own here. */
export function partsOf(text: string): readonly [token: string, claims: string] {
  const end = text.indexOf('\n')
  return [text.slice(0, end), text.slice(end + 1)]
}

export function storedIn(row: SqlRow | undefined): StoredText | undefined {
  const { version, token, claims } = row ?? {}
  if (version === undefined || version === null) return undefined
  return { version, text: `${token ?? ''}\n${claims ?? ''}` }
}

export function msIn(row: SqlRow | undefined): number {
  return Number(row?.['now']) / 1000
}

/** What each renewal came to: rows of their lines, in any order. */
export function renewedLinesIn(
  rows: readonly SqlRow[],
  renewals: readonly AloneRenewal[],
): readonly (RenewedLine | undefined)[] {
  const found = new Map(rows.map((row) => [row['resource'], row]))
  return renewals.map(({ key }) => {
    const { version, ends_us: endsUs } = found.get(key) ?? {}
    if (version === undefined || version === null) return undefined
    return { version, endsAtMs: Number(endsUs) / 1000 }
  })
}
