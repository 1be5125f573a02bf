/** `holdfast completion`: what a shell offers, made of the same definitions as the help, so that none of it can be out of date. */
import type { Command } from 'commander'

export type Shell = 'bash' | 'zsh' | 'fish'

interface CommandWords {
  readonly name: string
  readonly summary: string
  readonly options: readonly { readonly flag: string; readonly meaning: string; readonly takesValue: boolean }[]
  /** Whether its first argument is the name of a lock. */
  readonly takesName: boolean
}

/** Names of locks that are held or waited for, asked for no longer than a person waits for a key. */
const NAMES = `timeout 0.5 holdfast ls --json 2>/dev/null | sed -n 's/^{[^{}[]*"name":"\\([A-Za-z0-9:_.\\/-]*\\)".*/\\1/p'`

export function completionScript(root: Command, shell: Shell): string {
  const commands = root.commands.map((command) => wordsOf(command))
  const common = wordsOf(root)
  if (shell === 'fish') return fishScript(commands, common)
  return shell === 'bash' ? bashScript(commands, common) : zshScript(commands, common)
}

function wordsOf(command: Command): CommandWords {
  const summary = command.summary() || command.description()
  return {
    name: command.name(),
    summary: summary.split(/[.:;]/, 1)[0] ?? '',
    options: command.options.map(({ long, short, description, required, optional }) => ({
      flag: long ?? short ?? '',
      meaning: description,
      takesValue: required || optional,
    })),
    takesName: command.registeredArguments[0]?.name() === 'name',
  }
}

const flagsOf = ({ options }: CommandWords): string => options.map(({ flag }) => flag).join(' ')

/** The case of each command: what stands behind its name. */
function casesOf(commands: readonly CommandWords[], common: CommandWords, assign: (words: string) => string): string {
  const cases = commands.map((command) => {
    const names = command.takesName ? ` $(${NAMES})` : ''
    return `    ${command.name}) ${assign(`${flagsOf(command)} ${flagsOf(common)}${names}`)} ;;`
  })
  const first = `    '') ${assign(`${commands.map(({ name }) => name).join(' ')} ${flagsOf(common)}`)} ;;`
  return [first, ...cases].join('\n')
}

/** Sets \`command\` to the first word that is one, and ends behind two dashes, where the words are those of another program. */
const loopOver = (words: string, commands: readonly CommandWords[]): string => `  local command= word
  for word in ${words}; do
    case $word in
      --) return ;;
      ${commands.map(({ name }) => name).join('|')}) [ -n "$command" ] || command=$word ;;
    esac
  done`

function bashScript(commands: readonly CommandWords[], common: CommandWords): string {
  return `# holdfast completion bash > /etc/bash_completion.d/holdfast
_holdfast() {
${loopOver('"${COMP_WORDS[@]:1:COMP_CWORD-1}"', commands)}
  local words=
  case $command in
${casesOf(commands, common, (words) => `words="${words}"`)}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _holdfast holdfast
`
}

function zshScript(commands: readonly CommandWords[], common: CommandWords): string {
  return `#compdef holdfast
# holdfast completion zsh > "\${fpath[1]}/_holdfast"
_holdfast() {
${loopOver('"${(@)words[2,CURRENT-1]}"', commands)}
  local -a candidates
  case $command in
${casesOf(commands, common, (words) => `candidates=(${words})`)}
  esac
  compadd -a candidates
}
if [ "\${funcstack[1]}" = _holdfast ]; then _holdfast "$@"; else compdef _holdfast holdfast; fi
`
}

function fishScript(commands: readonly CommandWords[], common: CommandWords): string {
  const optionLines = (command: CommandWords, when: string): readonly string[] =>
    command.options.map(({ flag, meaning, takesValue }) =>
      ['complete -c holdfast', when, `-l ${flag.slice(2)}`, takesValue ? '-r' : '', `-d ${fishQuoted(meaning)}`]
        .filter((part) => part !== '')
        .join(' '),
    )
  const lines = commands.flatMap((command) => {
    const seen = `-n '__fish_seen_subcommand_from ${command.name}'`
    return [
      `complete -c holdfast -n __fish_use_subcommand -f -a ${command.name} -d ${fishQuoted(command.summary)}`,
      ...optionLines(command, seen),
      ...(command.takesName
        ? [`complete -c holdfast ${seen} -f -a "(${NAMES.replaceAll('"', '\\"').replaceAll('$', '\\$')})"`]
        : []),
    ]
  })
  return [
    '# holdfast completion fish > ~/.config/fish/completions/holdfast.fish',
    ...optionLines(common, ''),
    ...lines,
    '',
  ].join('\n')
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
