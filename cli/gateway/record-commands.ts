// credveil gateway explain and replay: why a request was decided as it was, and what another
// configuration would have decided.

import type { Command } from 'commander';
import { type ExplainFlags, explainEvent } from './explain-event.ts';
import { type ReplayFlags, replayRecord } from './replay-record.ts';

export type WithFaults = <F extends { readonly config?: string; readonly json?: boolean }>(
  flags: F,
  run: (flags: F & { readonly config: string }) => Promise<void>,
) => Promise<void>;

/** @param withFaults prints the mistakes of the file of --config */
export function addRecordCommands(gateway: Command, withFaults: WithFaults): void {
  gateway
    .command('explain')
    .description('show by which fields and rules a request was decided, and why')
    .argument('<event>', 'the id of the request, as its event and its answer have it')
    .option('--config <file>', 'the configuration of the gateway')
    .option('--state <directory>', 'the gateway’s stateDirectory, if it is not that of the configuration')
    .option('--json', 'print the result as JSON')
    .action((id: string, _: unknown, command: Command) => {
      const flags: Omit<ExplainFlags, 'config'> & { readonly config?: string } = command.optsWithGlobals();
      return withFaults(flags, (checked) => explainEvent(id, checked));
    });
  gateway
    .command('replay')
    .description('show what another configuration would have decided on recorded requests')
    .option('--config <file>', 'the other configuration')
    .option('--state <directory>', 'the gateway’s stateDirectory, if it is not that of the configuration')
    .option('--last <time>', 'requests of this time, such as 30m, 24h or 7d', '24h')
    .option('--examples <count>', 'so many requests of each kind are shown', '5')
    .option('--json', 'print the result as JSON')
    .action((_: unknown, command: Command) => {
      const flags: Omit<ReplayFlags, 'config'> & { readonly config?: string } = command.optsWithGlobals();
      return withFaults(flags, replayRecord);
    });
}
