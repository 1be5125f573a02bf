/** The command line as people type it: subcommands, options, help with examples. What each does is elsewhere. */
import { Argument, Command } from 'commander'
import { addCron } from './cron-syntax.ts'
import { addElect } from './elect-syntax.ts'
import { exitCodeRows, exitCodes, Failure } from './exit-codes.ts'
import { addAcquire, addRelease } from './hand-over-syntax.ts'
import { addHold } from './hold-syntax.ts'
import { addMembers } from './members.ts'
import { addOnce } from './once-syntax.ts'
import { addPartitions } from './partitions-syntax.ts'
import { addRate } from './rate-syntax.ts'
import { redlockActions, redlockCommand, type RedlockAction } from './redlock.ts'
import { addRun } from './run-syntax.ts'
import { addCheck, addCompletion, addManual } from './script-syntax.ts'
import { addServe } from './serve-syntax.ts'
import { addSlot } from './slot-syntax.ts'
import { act, type ProgramOptions } from './subcommand.ts'
import { schemaCommand, schemaEngines } from './schema.ts'
import { knownSchemes } from './stores.ts'
import type { WatchCommandOptions } from './watch.ts'

export function programOf(program: ProgramOptions): Command {
  const { printer } = program.context
  const root = new Command('holdfast')
    .description('Run a program under a distributed lock, see who holds what, evict with care.')
    .version(program.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .option(
      '--store <url>',
      `where the locks are: ${knownSchemes}; also HOLDFAST_STORE (default: a file in your state folder)`,
    )
    .option(
      '--store-file <path>',
      'read the store URL from a file, because ps shows arguments and a password in them; also HOLDFAST_STORE_FILE',
    )
    .option('--namespace <name>', 'keeps programs apart on one store; also HOLDFAST_NAMESPACE (default: "default")')
    .option(
      '--config <path>',
      'a file with store, storeFile and namespace as JSON; also HOLDFAST_CONFIG (default: holdfast/config.json in your configuration folder, or /etc/holdfast.json)',
    )
    .option('--no-config', 'read no such file')
    .option('--json', 'results as one JSON document a line; run: its messages, on stderr')
    .addHelpText('after', () => rootHelp())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void printer.streams.stdout.write(printer.secrets.hide(text)),
      // Said once and in one form, where errors of all kinds are printed.
      writeErr: () => undefined,
    })
  addRun(root, program)
  addHold(root, program)
  addAcquire(root, program)
  addRelease(root, program)
  addElect(root, program)
  addCron(root, program)
  addOnce(root, program)
  addSlot(root, program)
  addRate(root, program)
  addMembers(root, program)
  addPartitions(root, program)
  addList(root, program)
  addInspect(root, program)
  addWatch(root, program)
  addEvict(root, program)
  addDoctor(root, program)
  addRebase(root, program)
  addServe(root, program)
  addSchema(root, program)
  addCheck(root, program)
  addCompletion(root, program)
  addManual(root, program)
  addRedlock(root, program)
  addLab(root)
  return root
}

function addList(root: Command, program: ProgramOptions): void {
  const list = root
    .command('ls')
    .description('List the names that somebody holds or waits for.')
    .argument('[prefix]', 'only names that start with this')
    .option('--exit-code', 'end with 3 when there is none')
    .addHelpText('after', '\nExamples:\n  holdfast ls\n  holdfast ls shard: --json | jq -r .name')
  act(program, list, async (options, prefix = '') =>
    (await import('./list.ts')).listCommand(program.context, prefix, options),
  )
}

function addInspect(root: Command, program: ProgramOptions): void {
  const inspect = root
    .command('inspect')
    .description('Show who holds a lock and who waits for it, oldest first.')
    .argument('<name>', 'the lock')
    .option('--exit-code', 'end with 3 when it is free')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast inspect nightly\n  holdfast inspect nightly --json | jq \'.claims[] | select(.state == "held") | .owner\'',
    )
  act(program, inspect, async (options, name = '') =>
    (await import('./inspect.ts')).inspectCommand(program.context, name, options),
  )
}

function addEvict(root: Command, program: ProgramOptions): void {
  const evict = root
    .command('evict')
    .description(
      'Take a lock from the holder with exactly this token. The holder is told and its command is stopped; its token is stale from the next grant on.',
    )
    .argument('<name>', 'the lock')
    .option('--token <number>', 'the token of the holder, as inspect shows it')
    .option('--reason <text>', 'told to the holder, at most 500 bytes')
    .option('-y, --yes', 'do not ask on a terminal')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast evict nightly --token 1763722000000001 --reason "host db3 is being replaced" --yes',
    )
  act(program, evict, async (options, name = '') =>
    (await import('./evict.ts')).evictCommand(program.context, name, options),
  )
}

function addWatch(root: Command, program: ProgramOptions): void {
  const watch = root
    .command('watch')
    .description(
      'Show locks, holders and waiters as they change: a picture with keys on a terminal, one line a change elsewhere. Ctrl-C ends it.',
    )
    .argument('[prefix]', 'only names that start with this')
    .option('--interval <duration>', 'how often to look for names that appeared', '1s')
    .option('--names <number>', 'show no more than so many names', '50')
    .option('--once', 'one picture, then end')
    .addHelpText('after', '\nExamples:\n  holdfast watch\n  holdfast watch shard: --json | jq -r .event')
  act(program, watch, async (options, prefix = '') =>
    (await import('./watch.ts')).watchCommand(program.context, prefix, options as WatchCommandOptions),
  )
}

function addDoctor(root: Command, program: ProgramOptions): void {
  const doctor = root
    .command('doctor')
    .description(
      'Show what a store promises, try a few locks in a namespace of its own, and say what to do about what is wrong.',
    )
    .argument('[url]', 'the store, instead of --store')
    .option('--facts-only', 'only what the store promises: no locks are taken')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast doctor\n  holdfast doctor sqlite:/srv/locks.db --json | jq .figures.handOff\n  holdfast doctor --facts-only',
    )
  act(program, doctor, async (options, url) =>
    (await import('./doctor.ts')).doctorCommand(program.context, url, options),
  )
}

function addRebase(root: Command, program: ProgramOptions): void {
  const rebase = root
    .command('rebase')
    .description(
      'Show how high the tokens of a store are, or move them: after a wrong clock made them too high, or when a guard has seen higher ones than the store remembers. Says what it costs and asks.',
    )
    .option('--to <base>', 'now, a date such as 2026-11-29T12:00:00Z, or a token: the next tokens come right behind it')
    .option('-y, --yes', 'do not ask on a terminal')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast rebase\n  holdfast rebase --to now\n  holdfast rebase --to 1763722000000001 --yes',
    )
  act(program, rebase, async (options) => (await import('./rebase.ts')).rebaseCommand(program.context, options))
}

function addSchema(root: Command, program: ProgramOptions): void {
  const schema = root
    .command('schema')
    .description(
      'Print the statements that make the table of a store, for a person with the right to carry them out; or, as documents, the JSON Schema of what --json prints.',
    )
    .addArgument(new Argument('<engine>', 'which database, or documents').choices(schemaEngines))
    .option('--schema <name>', 'the schema of the table; for MySQL the database, for Kubernetes the namespace')
    .option('--table <name>', 'the table')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast schema postgres --schema locks | psql\n  holdfast schema mysql | mysql locks\n  holdfast schema dynamodb --table locks | sh\n  holdfast schema kubernetes --schema shop | kubectl apply -f -\n  holdfast schema documents > documents.json',
    )
  act(program, schema, async (options, engine = '') => schemaCommand(program.context, engine, options))
}

function addRedlock(root: Command, program: ProgramOptions): void {
  const redlock = root
    .command('redlock')
    .description(
      'Show under which list the servers of a Redlock are, and change that list: begin, give every client both lists, finish. start begins anew after all servers lost their data.',
    )
    .addArgument(new Argument('<action>', 'what to do').choices(redlockActions))
    .argument('[url]', 'the store, instead of --store: redlock://new,new,new?from=old,old,old')
    .option('--without <servers>', 'finish: servers that are gone for good, as status names them, with commas between')
    .option('--force', 'finish: although clients that know the old list alone are at work; they lose their locks')
    .option('--no-wait', 'finish: take one step, and leave the wait and the next one to another call')
    .option('-y, --yes', 'do not ask on a terminal')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast redlock status redlock://a:6379,b:6379,c:6379\n' +
        "  holdfast redlock begin 'redlock://a:6379,b:6379,c:6379,d:6379,e:6379?from=a:6379,b:6379,c:6379'\n" +
        "  holdfast redlock finish 'redlock://a:6379,b:6379,c:6379,d:6379,e:6379?from=a:6379,b:6379,c:6379'",
    )
  act(program, redlock, async (options, action, url) =>
    redlockCommand(program.context, {
      action: action as RedlockAction,
      url,
      options,
    }),
  )
}

/** Only for the list in --help: its words and options are its own, see lab.ts. */
function addLab(root: Command): void {
  root
    .command('lab')
    .description('Hurt real processes and the store, record what happens, judge it; see holdfast lab --help.')
    .allowExcessArguments()
    .allowUnknownOption()
    .action(() => {
      throw new Failure(exitCodes.usage, 'lab comes first, and its options behind it: holdfast lab run --store URL')
    })
}

function rootHelp(): string {
  const width = Math.max(...exitCodeRows.map(([code]) => code.length))
  const codes = exitCodeRows.map(([code, meaning]) => `  ${code.padEnd(width)}  ${meaning}`)
  return [
    '',
    'Examples:',
    '  holdfast run nightly -- ./backup.sh',
    '  holdfast run --no-wait --ttl 30s deploy -- make deploy',
    '  HOLDFAST_STORE=sqlite:/srv/locks.db holdfast ls',
    '  holdfast --store-file /etc/holdfast/store run nightly -- ./backup.sh',
    '',
    'Exit codes:',
    ...codes,
  ].join('\n')
}
