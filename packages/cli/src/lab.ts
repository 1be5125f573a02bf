/**
 * `holdfast lab …`: the fault lab is a package of its own that is not published, and knows this one; so it is found by
 * name when it is there, or a sentence says where it is.
 */
import { exitCodes, Failure } from './exit-codes.ts'
import type { Context } from './context.ts'

/** What the lab offers; it has words, options and exit codes of its own. */
interface Lab {
  labMain(call: {
    readonly args: readonly string[]
    readonly environment: NodeJS.ProcessEnv
    readonly stdout: { write(text: string): unknown }
    readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number }
  }): Promise<number>
}

/** Not a literal in the import: the lab is built after the command. */
const LAB = '@holdfast/lab/faultlab'

export async function labCommand({ printer, environment }: Context, args: readonly string[]): Promise<number> {
  const { streams, secrets } = printer
  const hidden = (stream: NodeJS.WriteStream) => ({
    write: (text: string) => stream.write(secrets.hide(text)),
    isTTY: stream.isTTY,
    get columns() {
      return stream.columns
    },
  })
  const { labMain } = await load()
  return labMain({ args, environment, stdout: hidden(streams.stdout), stderr: hidden(streams.stderr) })
}

async function load(): Promise<Lab> {
  try {
    import.meta.resolve(LAB)
  } catch {
    throw new Failure(
      exitCodes.usage,
      'the fault lab is not published: it comes with the repository of Holdfast, as npm run lab',
    )
  }
  return (await import(LAB)) as Lab
}
