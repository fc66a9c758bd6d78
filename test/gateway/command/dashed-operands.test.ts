// Ids that begin with a hyphen are no options, wherever they stand.

import { Command } from 'commander';
import { expect, test } from 'vitest';
import { guardOperands } from '../../../cli/dashed-operands.ts';

const ID = '-X6OREh4BmeYklL0ECxyI1Z7vkPF2772';

/** @returns what the command gets */
async function given(argv: readonly string[]): Promise<unknown> {
  let got: unknown;
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  program
    .command('sessions')
    .option('--json')
    .command('end')
    .argument('[ids...]')
    .option('--config <file>')
    .option('--all-of-them')
    .action((ids: string[], _: unknown, command: Command) => {
      got = [ids, command.optsWithGlobals()];
    });
  await program.parseAsync(guardOperands(program, argv), { from: 'user' });
  return got;
}

test.each([
  [
    ['sessions', 'end', ID, '--config', 'a', '--json'],
    [[ID], { config: 'a', json: true }],
  ],
  [
    ['sessions', 'end', '--json', '--config', 'a', ID],
    [[ID], { config: 'a', json: true }],
  ],
  [
    ['sessions', 'end', 'x', ID, 'end', '--json'],
    [['x', ID, 'end'], { json: true }],
  ],
  [
    ['sessions', 'end', '--', ID],
    [[ID], {}],
  ],
  // The value of an option stays with it.
  [
    ['sessions', 'end', '--config', ID, 'x'],
    [['x'], { config: ID }],
  ],
  [
    ['sessions', 'end', 'x', '--config', 'end'],
    [['x'], { config: 'end' }],
  ],
])('%j', async (argv, expected) => {
  expect(await given(argv)).toEqual(expected);
});

test.each([['-config'], ['-all-of-them'], ['--all-of-thme']])('%s is an option that is misspelt', async (word) => {
  await expect(given(['sessions', 'end', word])).rejects.toThrow('unknown option');
});
