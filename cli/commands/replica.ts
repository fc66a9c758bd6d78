// credveil replica: a copy of a service on disk, for checks without requests.

import path from 'node:path';
import type { Command } from 'commander';
import { createLeakChecker, type LeakCheckerOptions, LookupError, type UnknownReason } from '../../client-sdk/index.ts';
import { REASONS } from '../../client-sdk/reasons.ts';
import { type InspectedReplica, inspectReplica } from '../../client-sdk/replica/attachable.ts';
import {
  createReplica,
  type PulledReplica,
  type PullProgress,
  type Replica,
} from '../../client-sdk/replica/replica.ts';
import { createCheckFailures, withFlags } from '../check/check-failures.ts';
import { choosePins, type PinOptions, pinnedDataset } from '../check/pins.ts';
import { reportFailure } from '../exit.ts';
import { onInterrupt } from '../interrupt.ts';
import { openClientKeyFile } from '../key-files.ts';
import { printResult } from '../output.ts';
import { bytesFigure, ProgressBar, type ProgressState } from '../progress.ts';
import { formatBytes, formatCounted, formatSeconds, formatSpan } from '../units.ts';

interface PullFlags extends PinOptions {
  url: string;
  clientKeyFile?: string;
  verify?: boolean;
  json?: boolean;
}

type StatusFlags = PinOptions & { verify?: boolean; json?: boolean };

/** The snapshot in use. */
interface Seen {
  readonly snapshot: string;
  readonly remainingMs: number;
}

const PULL_EXIT_CODES = `
A pull that was interrupted or broke off is continued by the next one.

Exit codes:
    0  the replica is up to date
    1  it is not: the service, what it sent, or the disk; the one before stays in use
    2  an invalid option
  130  interrupted`;

const STATUS_EXIT_CODES = `
Exit codes:
    0  checks on the replica are answered; with --verify, from all of it
    1  they are not: the error has the reason; with --verify, part of it is damaged
    2  an invalid option
  130  interrupted`;

const progressState = (
  bar: ProgressBar,
  { bytes, totalBytes }: PullProgress,
  label = 'replica pull',
): ProgressState => ({
  label,
  done: bytes,
  total: totalBytes,
  figures: [
    bytesFigure(bytes, totalBytes),
    `${formatBytes(Math.round(bytes / Math.max(0.001, bar.elapsedSeconds)))}/s`,
  ],
});

function describePulled({ snapshot, isNew, bytes, repaired }: PulledReplica): string {
  const outcome = isNew
    ? `replica of snapshot ${snapshot}: ${formatBytes(bytes)}`
    : `snapshot ${snapshot} is the newest one`;
  if (repaired === 0) return outcome;
  return `${outcome}\nrepaired: ${formatBytes(repaired)} were damaged or missing, and were fetched again; if that repeats, look at the disk`;
}

async function pull(cache: string, options: PullFlags): Promise<void> {
  const { url, clientKeyFile, verify = false } = options;
  const pins = choosePins('replica pull', options);
  const failures = createCheckFailures({ dataset: pinnedDataset(pins), hasClientKey: clientKeyFile !== undefined });
  const replica = createReplica({ cache, refreshMs: 0 });
  withFlags(() =>
    createLeakChecker({
      url,
      ...pins,
      ...(clientKeyFile !== undefined && { clientKey: openClientKeyFile(clientKeyFile) }),
      fetch: failures.fetch,
      replica,
    }),
  );
  const bar = new ProgressBar();
  let last: PullProgress | undefined;
  const onProgress = (progress: PullProgress): void => {
    last = progress;
    bar.update(() => progressState(bar, progress));
  };
  const interrupt = onInterrupt();
  const { signal } = interrupt;
  try {
    const pulled = await replica.pull({ signal, verify, onProgress });
    if (last) bar.finish(progressState(bar, last));
    printResult(options, pulled, describePulled);
  } catch (error) {
    bar.abandon();
    signal.throwIfAborted();
    throw inWords(error, failures.explain);
  } finally {
    interrupt.dispose();
  }
}

/** What the terminal is told of: the platform's cause, and flags instead of options. */
function inWords(error: unknown, explain: (reason: UnknownReason) => LookupError | object): unknown {
  if (!(error instanceof LookupError)) return error;
  const { code, message, hint: given } = error;
  // The folder may be of another dataset, and not the service.
  const isOfFolder = code === 'DATASET_MISMATCH' && given !== REASONS[code][1];
  if (isOfFolder) return error;
  if (code === 'NETWORK' || code === 'HTTP_STATUS' || code === 'DATASET_MISMATCH') {
    const met = explain(code) as { readonly message: string; readonly hint: string };
    return new LookupError(code, met.message, met.hint, { cause: error });
  }
  if (code !== 'CLIENT_REFUSED') return error;
  const hint = 'Pass --client-key-file with the key of a client that may: credveil client add DATASET NAME --replica.';
  return new LookupError(code, message, hint, { cause: error });
}

async function status(cache: string, options: StatusFlags): Promise<void> {
  const pins = choosePins('replica status', options);
  const replica = createReplica({ cache, refreshMs: 0 });
  let seen: Seen | undefined;
  const checker = createLeakChecker({
    url: 'http://localhost',
    // Nobody is asked: there is no telling who listens there.
    fetch: () => Promise.reject(new Error('offline')),
    ...pins,
    replica,
    onSnapshot: ({ snapshot, remainingMs }) => {
      if (snapshot !== undefined && remainingMs !== undefined) seen = { snapshot, remainingMs };
    },
  } as LeakCheckerOptions);
  try {
    const inspected = options.verify ? await inspect(replica) : undefined;
    if (inspected && inspected.damaged.length > 0) return reportDamage(cache, options, inspected);
    await checker.ready();
  } catch (error) {
    // Under oprf the evaluator is asked once all files of the replica are open.
    if (!seen || (error as LookupError).code !== 'NETWORK') throw error;
  } finally {
    replica.close();
  }
  const { snapshot, remainingMs } = seen as unknown as Seen;
  const seconds = Math.max(0, Math.floor(remainingMs / 1_000));
  printResult(options, { snapshot, remainingSeconds: seconds, ...(options.verify && { damaged: [] }) }, () =>
    [
      `snapshot ${snapshot}, to be believed for ${formatSeconds(seconds)}`,
      ...(options.verify ? ['all of it was read, and nothing is damaged'] : []),
    ].join('\n'),
  );
}

/** Reads all of the replica, with a bar. @throws AbortError if it was interrupted */
async function inspect(replica: Replica): Promise<InspectedReplica> {
  const bar = new ProgressBar();
  let last: PullProgress | undefined;
  const stateOf = (progress: PullProgress): ProgressState => progressState(bar, progress, 'replica status');
  const onProgress = (progress: PullProgress): void => {
    last = progress;
    bar.update(() => stateOf(progress));
  };
  const interrupt = onInterrupt();
  const { signal } = interrupt;
  try {
    const inspected = await inspectReplica(replica, { signal, onProgress });
    if (last) bar.finish(stateOf(last));
    return inspected;
  } catch (error) {
    bar.abandon();
    signal.throwIfAborted();
    throw error;
  } finally {
    interrupt.dispose();
  }
}

const describeDamage = ({ snapshot, damaged }: InspectedReplica): string =>
  [
    `snapshot ${snapshot}: ${formatCounted(damaged.length, 'range')} damaged or missing`,
    ...damaged.map(({ file, from, to }) => `  ${file}: bytes ${formatSpan(from, to - 1)}`),
  ].join('\n');

function reportDamage(cache: string, options: StatusFlags, inspected: InspectedReplica): void {
  const error = damageOf(cache, inspected);
  const { code, message, hint } = error;
  // As other errors for programs, with what they are about.
  printResult(options, { ...inspected, error: { code, message, hint } }, describeDamage);
  process.exitCode = reportFailure(error);
}

function damageOf(cache: string, { bytes, damaged }: InspectedReplica): LookupError {
  const count = damaged.reduce((sum, { from, to }) => sum + to - from, 0);
  return new LookupError(
    'REPLICA_UNREADABLE',
    `${formatBytes(count)} of the replica are damaged or missing, of ${formatBytes(bytes)}: ${path.resolve(cache)}`,
    'Run `credveil replica pull --verify`, which fetches them again. If that repeats, look at the disk.',
  );
}

export function addReplica(program: Command): void {
  const replica = program.command('replica').description('hold a copy of a service, and check without asking it');
  pinned(replica.command('pull').description('bring a replica up to date, verified by what clients pin'))
    .requiredOption('--url <url>', 'base URL of the server')
    .option('--client-key-file <file>', 'file with the client key that `credveil client add --replica` printed')
    .option('--verify', 'read all that is there again, and fetch what is damaged')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', PULL_EXIT_CODES)
    .action(pull);
  pinned(replica.command('status').description('show the snapshot of a replica, and how long it is believed'))
    .option('--verify', 'read all that is there again, and print what is damaged')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', STATUS_EXIT_CODES)
    .action(status);
}

function pinned(command: Command): Command {
  return command
    .argument('<cache>', 'folder of the replica')
    .option('--trust <line>', 'signed datasets: the public line that `credveil key pin` prints')
    .option('--key-file <file>', 'hmac: file with what `credveil key pin` prints, or a key file')
    .option('--dataset <folder>', 'folder of the dataset, to pin what its clients pin; or its id, with a key file');
}
