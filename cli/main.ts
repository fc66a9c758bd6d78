// The program behind `credveil`: commands, and what their ends mean. Run it through bin.js.

import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { addCheck } from './commands/check.ts';
import { addIngest } from './commands/ingest.ts';
import { addInit } from './commands/init.ts';
import { addKey } from './commands/key.ts';
import { addPublish } from './commands/publish.ts';
import { addRotate } from './commands/rotate.ts';
import { addServe } from './commands/serve.ts';
import { addRemove, addSources } from './commands/sources.ts';
import { addStats } from './commands/stats.ts';
import { addVerify } from './commands/verify.ts';
import { ExitCode, reportFailure } from './exit.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

// Whoever reads the results may stop early, as `head` does.
process.stdout.on('error', (error) => process.exit(reportFailure(error)));

const program = new Command('credveil')
  .description('self-hosted leaked-credential checking')
  .version(version)
  .exitOverride();

for (const add of [
  addInit,
  addIngest,
  addPublish,
  addServe,
  addCheck,
  addStats,
  addSources,
  addRemove,
  addVerify,
  addKey,
  addRotate,
])
  add(program);
for (const command of [program, ...program.commands]) {
  const words = command === program ? 'credveil' : `credveil ${command.name()}`;
  command.exitOverride().configureOutput({
    outputError: (text, write) =>
      write(`${text.trimEnd().replace(/^error: /, 'error USAGE: ')}\n  See: ${words} --help\n`),
  });
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? ExitCode.done : ExitCode.usage;
  else process.exitCode = reportFailure(error);
}
