/** `holdfast man`: pages for man(1), made of the same definitions as the help and the completion. */
import type { Command, Option } from 'commander'

export interface ManualSource {
  readonly root: Command
  readonly version: string
}

/** The page of the whole, or of one of its commands. */
export function manualPage({ root, version }: ManualSource, command: Command | undefined): string {
  const shown = command ?? root
  const name = command === undefined ? root.name() : `${root.name()}-${command.name()}`
  const synopsis = [root.name(), ...(command === undefined ? [] : [command.name()]), shown.usage()].join(' ')
  const { paragraphs, examples } = afterHelpOf(shown)
  const commands = command === undefined ? root.commands : []
  return [
    `.TH ${roff(name.toUpperCase())} 1 "" "${roff(`${root.name()} ${version}`)}"`,
    ...section('NAME', [`${roff(name)} \\- ${roff(summaryOf(shown))}`]),
    ...section('SYNOPSIS', [`\\fB${roff(synopsis)}\\fR`]),
    ...section('DESCRIPTION', [shown.description(), ...paragraphs].flatMap((text) => ['.PP', roff(text)]).slice(1)),
    ...section(
      'COMMANDS',
      commands.flatMap((each) => entry(`\\fB${roff(each.name())}\\fR`, summaryOf(each))),
    ),
    ...section(
      'OPTIONS',
      shown.options.flatMap((option) => entry(flagsOf(option), meaningOf(option))),
    ),
    ...examples.flatMap(({ title, lines }) => section(title, ['.nf', ...lines.map(roff), '.fi'])),
    ...section('SEE ALSO', [command === undefined ? 'holdfast man \\fICOMMAND\\fR' : '\\fBholdfast\\fR(1)']),
    '',
  ].join('\n')
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`.SH ${title}`, ...lines]
}

function entry(term: string, meaning: string): readonly string[] {
  return ['.TP', term, roff(meaning)]
}

/** Up to the usage that stands behind a colon. */
function summaryOf(command: Command): string {
  return (command.summary() || command.description()).split(/[.:;]/, 1)[0] ?? ''
}

function flagsOf({ flags }: Option): string {
  const [, names = '', value = ''] = /^([^<[]*)(.*)$/.exec(flags) ?? []
  return `\\fB${roff(names)}\\fR\\fI${roff(value)}\\fR`
}

function meaningOf({ description, defaultValue }: Option): string {
  return typeof defaultValue === 'string' ? `${description} (default: ${defaultValue})` : description
}

interface AfterHelp {
  readonly paragraphs: readonly string[]
  readonly examples: readonly { readonly title: string; readonly lines: readonly string[] }[]
}

/** What stands behind the options in the help: sentences, and lines under a title, which are indented. */
function afterHelpOf(command: Command): AfterHelp {
  const parts: string[] = []
  command.configureOutput({ writeOut: (part) => void parts.push(part) }).outputHelp()
  // The first part is usage, arguments and options.
  const text = parts.slice(1).join('')
  const paragraphs: string[] = []
  const examples: { readonly title: string; readonly lines: string[] }[] = []
  for (const block of text.split(/\n{2,}/).map((each) => each.replace(/^\n|\n$/g, ''))) {
    const [first = '', ...others] = block.split('\n')
    if (first === '') continue
    if (first.startsWith('  ')) examples.at(-1)?.lines.push('', first, ...others)
    else if (first.endsWith(':')) examples.push({ title: roff(first.slice(0, -1).toUpperCase()), lines: others })
    else paragraphs.push([first, ...others].join(' '))
  }
  return { paragraphs, examples }
}

/** A sign at the beginning of a line would be a request to the formatter, and a bare dash would become a hyphen. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/^([.'])/gm, '\\&$1')
}
