// Runs commands of `credveil` in this process, as often as a check needs them.

import { Command } from 'commander';
import { addIngest } from '../../../cli/commands/ingest.ts';
import { addInit } from '../../../cli/commands/init.ts';
import { addPublish } from '../../../cli/commands/publish.ts';
import { CredveilError } from '../../../protocol/errors.ts';

export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** Commands that run, which keep their output to themselves. */
let running = 0;
const kept: (() => void)[] = [];

function silence(): void {
  if (running++ > 0) return;
  for (const name of ['stdout', 'stderr'] as const) {
    const { write } = process[name];
    process[name].write = () => true;
    kept.push(() => {
      process[name].write = write;
    });
  }
}

function unsilence(): void {
  if (--running === 0) for (const restore of kept.splice(0)) restore();
}

/**
 * Runs one command without its output. Several may run at once, on different datasets.
 * @returns why it refused, or undefined
 * @throws what is no refusal: a bug in the command
 */
export async function runCommand(args: readonly string[]): Promise<Refusal | undefined> {
  const program = new Command('credveil').exitOverride();
  for (const add of [addInit, addIngest, addPublish]) add(program);
  for (const command of program.commands) command.exitOverride();
  silence();
  try {
    await program.parseAsync(args, { from: 'user' });
    return undefined;
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    return refusal;
  } finally {
    unsilence();
  }
}

function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof CredveilError) return { code: error.code, message: error.message, hint: error.hint };
  const { code, message } = error as { code?: unknown; message: string };
  // Commander's: an option that does not exist.
  return typeof code === 'string' && code.startsWith('commander.') ? { code, message, hint: '' } : undefined;
}
