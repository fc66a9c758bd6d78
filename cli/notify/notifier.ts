// --notify: commits events to an outbox and sends them, for every command that finds something.

import path from 'node:path';
import type { Command } from 'commander';
import { NotifyError } from '../../notify/errors.ts';
import type { NewEvent } from '../../notify/events.ts';
import type { DeliveryCount, Outbox } from '../../notify/outbox.ts';
import type { Sink } from '../../notify/sink.ts';
import { UsageError } from '../exit.ts';
import { fileGroup } from '../key-files.ts';
import type { NamedFile } from '../match/distinct-files.ts';
import { assertNotPart } from '../open.ts';
import { note } from '../output.ts';
import { printable } from '../printable.ts';
import { formatCount, formatCounted } from '../units.ts';

/** Of commands that have no dataset. */
export const HERE_OUTBOX = 'credveil.outbox.sqlite';
/** Of commands that have one, and of its server. */
export const outboxFor = (folder: string): string => `${path.resolve(folder)}.outbox.sqlite`;

export interface NotifyOptions {
  notify?: string[];
  notifySecret?: string;
  notifyAllow?: string[];
  outboxFile?: string;
}

export interface Notifier {
  /** Durable on return. Events that the outbox knows keep their id and are not sent again. */
  add(events: readonly NewEvent[]): void;
  /**
   * Sends what waits for the sinks, and waits for retries that are due within a minute. What is
   * left stays in the outbox.
   * @throws NotifyError `EVENTS_NOT_SENT`
   */
  deliver(signal: AbortSignal): Promise<void>;
  close(): void;
}

/** Of an option that may be repeated. */
export const collect = (value: string, list: string[] = []): string[] => [...list, value];

export function addNotifyOptions(command: Command): Command {
  return command
    .option(
      '--notify <sink>',
      'send findings to a sink: a file that describes it, ecs:FILE, ocsf:FILE, or the https URL of a webhook; repeatable',
      collect,
    )
    .option('--notify-secret <file>', 'secrets of webhooks that are named by their URL')
    .option('--notify-allow <place>', 'internal host, address or net where those may be; repeatable', collect)
    .option('--outbox-file <file>', 'outbox of events that are to be sent');
}

const SEND_MS = 60_000;

/** @throws NotifyError as `openSinks` */
export async function openNamedSinks({ notify = [], notifySecret, notifyAllow }: NotifyOptions): Promise<Sink[]> {
  const { openSinks } = await import('../../notify/setup/open-sinks.ts');
  return openSinks(notify, {
    ...fileGroup(),
    ...(notifySecret !== undefined && { secretFile: notifySecret }),
    ...(notifyAllow && { allow: notifyAllow }),
  });
}

/**
 * Opens sinks and outbox before hours of work.
 * @param results files of the command. Without `--out` it prints its result to standard output
 * @returns undefined without `--notify`
 * @throws UsageError, NotifyError
 */
export async function openNotifier(
  options: NotifyOptions & { readonly dryRun?: boolean },
  defaultOutbox: string,
  results: readonly NamedFile[],
): Promise<Notifier | undefined> {
  const { notify, notifySecret, notifyAllow, outboxFile } = options;
  if (notify === undefined) {
    if ([notifySecret, notifyAllow, outboxFile].some((option) => option !== undefined))
      throw new UsageError('--notify is missing', 'Name a sink with it, or leave out the options of sinks.');
    return undefined;
  }
  if (options.dryRun) throw new UsageError('--dry-run finds nothing to send', 'Leave out --notify, or --dry-run.');
  const hasStdout = results.every(({ option }) => option !== '--out');
  if (hasStdout && notify.some((spec) => /^(ecs|ocsf):-$/.test(spec)))
    throw new UsageError('standard output has the result already', 'Write one of the two to a file.');
  assertNotPart('--outbox-file', outboxFile);
  for (const spec of notify) assertNotPart('--notify', /^(?:ecs|ocsf):(.+)$/.exec(spec)?.[1]);
  const sinks = await openNamedSinks(options);
  const file = outboxFile ?? defaultOutbox;
  const { assertDistinctFiles } = await import('../match/distinct-files.ts');
  assertDistinctFiles(results, [
    { option: '--outbox-file', file },
    ...sinks.flatMap((sink) => (sink.file === undefined ? [] : [{ option: '--notify', file: sink.file }])),
  ]);
  const outbox = (await import('../../notify/outbox.ts')).Outbox.open(file);
  let added = 0;
  let known = 0;
  return {
    add(events) {
      const done = outbox.add(events, sinks);
      added += done.added;
      known += done.known;
    },
    async deliver(signal) {
      note(`events: ${formatCount(added)} new to the outbox, ${formatCount(known)} known to it`);
      await sendFor(SEND_MS, outbox, sinks, signal);
    },
    close() {
      for (const sink of sinks) sink.close();
      outbox.close();
    },
  };
}

/** @throws NotifyError `EVENTS_NOT_SENT` */
export async function sendFor(ms: number, outbox: Outbox, sinks: readonly Sink[], signal: AbortSignal): Promise<void> {
  const { Sender } = await import('../../notify/sender.ts');
  const sender = new Sender(outbox, sinks, {
    onFailure: (sink, failure, what) => {
      if (what === 'sink-failed') note(`${printable(sink)}: ${failure}; tries again`);
    },
  });
  await sender.send(Date.now() + ms, signal);
  const names = new Set(sinks.map(({ name }) => name));
  const left = outbox.counts().filter(({ sink, state }) => names.has(sink) && state !== 'delivered');
  if (left.length === 0) return note('events: all are sent');
  throw new NotifyError(
    'EVENTS_NOT_SENT',
    left.map(describeLeft).join('; '),
    `${left.some(({ failure }) => failure === 'INTERNAL_ADDRESS') ? ALLOW : ''}Only the sending failed. They stay in ${outbox.file}. Send them later with the same sinks: credveil events send --outbox-file ${outbox.file} --notify …`,
  );
}

const ALLOW =
  'If a sink is to be within your own network, name its place with --notify-allow, or "allow" in its file. ';

function describeLeft({ sink, state, count, failure }: DeliveryCount): string {
  const why = failure === null ? '' : ` (${failure})`;
  return state === 'dead'
    ? `${formatCounted(count, 'event')} given up for ${sink}${why}`
    : `${formatCounted(count, 'event')} waiting for ${sink}${why}`;
}
