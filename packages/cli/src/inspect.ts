/** `holdfast inspect`: one line of claims, oldest first. */
import { type Context, withLocks } from './context.ts'
import { claimColumns, claimRow, lineDocument } from './line-view.ts'
import { codeOfLook, type LookOptions } from './look.ts'
import { printable } from './text.ts'

export async function inspectCommand(
  { printer, environment }: Context,
  name: string,
  options: LookOptions,
): Promise<number> {
  return withLocks({ printer, environment }, options, async ({ locks, namespace }) => {
    const line = await locks.inspect(name)
    if (options.json === true) {
      printer.document(lineDocument(namespace, name, line))
      return codeOfLook(options, [line])
    }
    const last = line.lastToken === 0n ? 'none that is remembered' : String(line.lastToken)
    printer.line(`${printable(name)} in namespace ${printable(namespace)}; last token: ${last}`)
    if (line.claims.length === 0) printer.line('free: nobody holds it or waits for it')
    else
      printer.table(
        claimColumns,
        line.claims.map((claim) => claimRow(claim, line)),
      )
    return codeOfLook(options, [line])
  })
}
