// credveil events: what waits in an outbox, and what to do with it.

import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { isTime } from '../../notify/events.ts';
import { type Delivery, type DeliveryState, Outbox } from '../../notify/outbox.ts';
import { UsageError } from '../exit.ts';
import { onInterrupt } from '../interrupt.ts';
import { fileGroup } from '../key-files.ts';
import {
  addNotifyOptions,
  collect,
  HERE_OUTBOX,
  type NotifyOptions,
  openNamedSinks,
  sendFor,
} from '../notify/notifier.ts';
import { formatTable, note, print, printJson, printResult } from '../output.ts';
import { printable } from '../printable.ts';
import { formatCounted } from '../units.ts';

interface EventsOptions extends NotifyOptions {
  state?: DeliveryState[];
  limit?: string;
  now?: boolean;
  json?: boolean;
}

const STATES: readonly DeliveryState[] = ['waiting', 'dead', 'delivered'];
const DEFAULT_LIMIT = 100;
const SEND_MS = 60_000;
const NOW_MS = 1000;

/** Closes it in any case. */
async function withOutbox<T>({ outboxFile = HERE_OUTBOX }: NotifyOptions, work: (outbox: Outbox) => T | Promise<T>) {
  const outbox = Outbox.open(outboxFile, { create: false });
  try {
    return await work(outbox);
  } finally {
    outbox.close();
  }
}

const collectState = (text: string, list: DeliveryState[] = []): DeliveryState[] => {
  const state = STATES.find((one) => one === text);
  if (state === undefined) throw new UsageError('--state is not known', `Name one of ${STATES.join(', ')}.`);
  return [...list, state];
};

function parseLimit(text: string): number {
  const limit = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (limit < 1) throw new UsageError('--limit must be a whole number from 1', 'Write it in digits.');
  return limit;
}

/** Altered ones may be of no time. */
const formatTime = (ms: number): string | null => (isTime(ms) ? new Date(ms).toISOString() : null);

function describeDelivery({ id, atMs, event, sink, state, attempts, dueMs, failure }: Delivery) {
  const at = formatTime(atMs);
  const next = state === 'waiting' ? formatTime(dueMs) : null;
  return { id, type: event?.type ?? 'damaged', at, sink, state, attempts, next, failure };
}

async function list(options: EventsOptions): Promise<void> {
  const { state: states = ['waiting', 'dead'] } = options;
  const limit = parseLimit(options.limit ?? String(DEFAULT_LIMIT));
  await withOutbox(options, (outbox) => {
    const counts = outbox.counts();
    const shown = outbox.list(states, limit).map(describeDelivery);
    if (options.json) return printJson({ counts, deliveries: shown });
    const total = counts.filter(({ state }) => states.includes(state)).reduce((sum, { count }) => sum + count, 0);
    for (const { sink, state, count } of counts) note(`${printable(sink)}: ${formatCounted(count, 'event')} ${state}`);
    if (counts.length === 0) note('no events');
    if (shown.length === 0) return;
    print(
      formatTable(
        ['ID', 'TYPE', 'AT', 'SINK', 'STATE', 'ATTEMPTS', 'NEXT', 'FAILURE'],
        shown.map(({ id, type, at, sink, state, attempts, next, failure }) => [
          ...[printable(id), type, at ?? '-', printable(sink), printable(state)],
          attempts,
          ...[next ?? '-', printable(failure ?? '-')],
        ]),
      ),
    );
    if (total > shown.length) note(`${formatCounted(total - shown.length, 'more')}; see them with --limit`);
  });
}

/** @throws UsageError, NotifyError */
async function send(options: EventsOptions): Promise<void> {
  if (options.notify === undefined)
    throw new UsageError('--notify is missing', 'Name the sinks to send to, as for the command that found the events.');
  const sinks = await openNamedSinks(options);
  const interrupt = onInterrupt();
  try {
    await withOutbox(options, async (outbox) => {
      if (options.now) for (const { name } of sinks) outbox.hasten(name);
      await sendFor(options.now ? NOW_MS : SEND_MS, outbox, sinks, interrupt.signal);
    });
  } finally {
    for (const sink of sinks) sink.close();
    interrupt.dispose();
  }
}

/** Sends an event that means nothing, past the outbox. @throws UsageError */
async function test(options: EventsOptions): Promise<void> {
  if (options.notify === undefined) throw new UsageError('--notify is missing', 'Name the sinks to test.');
  const sinks = await openNamedSinks(options);
  const interrupt = onInterrupt();
  const nonce = randomBytes(12).toString('base64url');
  const event = { id: `evt_${nonce}`, atMs: Date.now(), event: { type: 'credveil.test', nonce } } as const;
  try {
    let failed = 0;
    for (const sink of sinks) {
      const [outcome] = await sink.send([event], interrupt.signal).catch(() => []);
      const result = outcome?.delivered ? 'took the event' : (outcome?.failure ?? 'FAILED');
      if (!outcome?.delivered) failed++;
      note(`${printable(sink.name)}: ${result}`);
    }
    if (failed > 0) process.exitCode = 1;
  } finally {
    for (const sink of sinks) sink.close();
    interrupt.dispose();
  }
}

/** Applies to all dead letters, or to those that are named. */
async function ofDead(ids: readonly string[], options: EventsOptions, what: 'revive' | 'forget'): Promise<void> {
  await withOutbox(options, (outbox) => {
    const count = outbox[what](ids.length === 0 ? undefined : ids);
    const done = what === 'revive' ? 'wait again' : 'deleted';
    printResult(
      options,
      { [what === 'revive' ? 'retried' : 'deleted']: count },
      () => `${formatCounted(count, 'event')}: ${done}`,
    );
  });
}

const OUTBOX = ['--outbox-file <file>', `outbox of the events (default: ${HERE_OUTBOX})`] as const;
const JSON_FLAG = ['--json', 'print the result as JSON'] as const;

export function addEvents(program: Command): void {
  const events = program.command('events').description('list, send and retry the events of an outbox');
  events
    .command('list')
    .description('list events that wait, and those that were given up')
    .option(...OUTBOX)
    .option('--state <state>', 'waiting, dead or delivered; repeatable (default: waiting, dead)', collectState)
    .option('--limit <n>', `events to show (default: ${DEFAULT_LIMIT})`)
    .option(...JSON_FLAG)
    .action(list);
  addNotifyOptions(events.command('send').description('send the events that wait'))
    .option('--now', 'also those whose next attempt is due later')
    .action(send);
  addNotifyOptions(
    events.command('test').description('send an event without meaning, to see that a sink is set up'),
  ).action(test);
  events
    .command('jwks')
    .description('print the public keys of a sink for security event tokens, as a JWK set')
    .requiredOption('--key-file <file>', 'private key of the sink; repeatable', collect)
    .action(async ({ keyFile }: { keyFile: string[] }) => {
      const { readPublicKeys } = await import('../../notify/setup/public-keys.ts');
      printJson(await readPublicKeys(keyFile, fileGroup()), 2);
    });
  events
    .command('retry')
    .description('make events that were given up wait again; all of them, or those named')
    .argument('[id...]', 'ids of events')
    .option(...OUTBOX)
    .option(...JSON_FLAG)
    .action((ids: string[], options: EventsOptions) => ofDead(ids, options, 'revive'));
  events
    .command('forget')
    .description('delete events that were given up; all of them, or those named')
    .argument('[id...]', 'ids of events')
    .option(...OUTBOX)
    .option(...JSON_FLAG)
    .action((ids: string[], options: EventsOptions) => ofDead(ids, options, 'forget'));
}
