// The `credveil` program: its commands and their exit codes. Run it through bin.js.

import { Command, CommanderError, Help } from 'commander';
import { excludeMemoryFromCoreDumps } from '../runtime/core-dumps.ts';
import { VERSION } from '../runtime/version.ts';
import { guardOperands } from './dashed-operands.ts';
import { ExitCode, formatFailure, printFailure, reportFailure, reportOutputFailure } from './exit.ts';
import { note } from './output.ts';
import { explainUsage } from './usage-errors.ts';

excludeMemoryFromCoreDumps();
if (process.env.NODE_TLS_REJECT_UNAUTHORIZED === '0') {
  note('NODE_TLS_REJECT_UNAUTHORIZED=0 has no effect: certificates are verified');
  delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
}

// The reader of a pipe may close it early, as `head` does.
process.stdout.on('error', (error) => process.exit(reportOutputFailure(error)));

const program = new Command('credveil')
  .description('self-hosted leaked-credential checking')
  .version(VERSION)
  .exitOverride();

/** Each command loads its own modules only. */
const COMMANDS: { readonly [name: string]: () => Promise<(program: Command) => void> } = {
  init: async () => (await import('./commands/init.ts')).addInit,
  ingest: async () => (await import('./commands/ingest.ts')).addIngest,
  publish: async () => (await import('./commands/publish.ts')).addPublish,
  serve: async () => (await import('./commands/serve.ts')).addServe,
  gateway: async () => (await import('./commands/gateway.ts')).addGateway,
  match: async () => (await import('./commands/match.ts')).addMatch,
  events: async () => (await import('./commands/events.ts')).addEvents,
  watch: async () => (await import('./commands/watch.ts')).addWatch,
  check: async () => (await import('./commands/check.ts')).addCheck,
  replica: async () => (await import('./commands/replica.ts')).addReplica,
  stats: async () => (await import('./commands/stats.ts')).addStats,
  sources: async () => (await import('./commands/sources.ts')).addSources,
  remove: async () => (await import('./commands/sources.ts')).addRemove,
  canary: async () => (await import('./commands/canary.ts')).addCanary,
  suppress: async () => (await import('./commands/suppress.ts')).addSuppress,
  export: async () => (await import('./commands/export.ts')).addExport,
  verify: async () => (await import('./commands/verify.ts')).addVerify,
  keygen: async () => (await import('./commands/key.ts')).addKeygen,
  key: async () => (await import('./commands/key.ts')).addKey,
  rotate: async () => (await import('./commands/rotate.ts')).addRotate,
  client: async () => (await import('./commands/client.ts')).addClientCommands,
};
const argv = process.argv.slice(2);
const operandsAt = argv.indexOf('--');
/** Also of a command line that cannot be read otherwise. */
const forPrograms = { json: argv.slice(0, operandsAt < 0 ? argv.length : operandsAt).includes('--json') };
const word = argv[0] ?? '';
const asked = COMMANDS[word];
const isVersion = word === '--version' || word === '-V';
// Only the help and the refusal of an unknown word need all of them.
for (const load of asked ? [asked] : isVersion ? [] : Object.values(COMMANDS)) (await load())(program);

const HELP: Partial<Help> = {
  // The long flags of serve leave little room in 80 columns.
  minWidthToWrap: 24,
  optionDescription: (option) =>
    Help.prototype.optionDescription(option) + (option.mandatory && !option.negate ? ' (required)' : ''),
};

/** A command and its subcommands, each with its full name on the command line. */
const commandsBelow = (command: Command, words: string): (readonly [Command, string])[] => [
  [command, words],
  ...command.commands.flatMap((below) => commandsBelow(below, `${words} ${below.name()}`)),
];
for (const [command, words] of commandsBelow(program, 'credveil')) {
  command
    .exitOverride()
    .configureHelp(HELP)
    .configureOutput({
      outputError: (text, write) => {
        const failure = explainUsage(text, command, words, argv);
        if (forPrograms.json) printFailure(failure);
        write(`${formatFailure(failure)}\n`);
      },
    });
}

try {
  await program.parseAsync(guardOperands(program, argv), { from: 'user' });
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? ExitCode.done : ExitCode.usage;
  else process.exitCode = reportFailure(error, forPrograms);
}
