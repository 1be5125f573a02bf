/** `serve` as people type it. */
import type { Command } from 'commander'
import type { ServeCommandOptions } from './serve.ts'
import { act, type ProgramOptions } from './subcommand.ts'

export function addServe(root: Command, program: ProgramOptions): void {
  const serve = root
    .command('serve')
    .description(
      'Lend locks over HTTP to programs that are not TypeScript, and show all locks to people in a page. Ctrl-C ends it in order.',
    )
    .option('--listen <address>', 'where: host:port, and port 0 is any free one', '127.0.0.1:4653')
    .option('--host <name...>', 'names, with their port, that requests may call the server by')
    .option(
      '--tokens <path>',
      'who may ask, beside programs of this machine: lines of SHA256 read,lock,operate [PREFIX [NAME]]',
    )
    .option('--tls-cert <path>', 'encrypt with this certificate, in PEM; with --tokens, other machines may ask')
    .option('--tls-key <path>', 'the key of the certificate, in PEM')
    .option('--audit <path>', 'add a line of JSON for each lock that is taken and each eviction, by whom')
    .option('--behind-tls-proxy', 'something in front encrypts; with --tokens, other machines may ask')
    .option('--no-dashboard', 'show no page to browsers')
    .option('--drain <duration>', 'at the end, wait at most so long for programs to give back', '30s')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast serve\n  holdfast --store redis://host:6379 serve --tokens /etc/holdfast/tokens',
    )
  act(program, serve, async (options) =>
    (await import('./serve.ts')).serveCommand(program.context, options as ServeCommandOptions),
  )
}
