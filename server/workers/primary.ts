// The service over several processes: what its workers share, on top of the pool in
// runtime/workers/.

import { randomBytes } from 'node:crypto';
import { clientFileFor, readClients } from '../../access/client-file.ts';
import { openQuotaBook, quotaBookFor } from '../../access/quota/book.ts';
import { type LeaseHolder, QuotaLedger } from '../../access/quota/ledger.ts';
import type { RequestRates } from '../../protocol/service-status.ts';
import type { OnEvent } from '../../runtime/events.ts';
import { DEFAULT_LIMITS } from '../../runtime/limits.ts';
import { startPool } from '../../runtime/workers/primary.ts';
import { assertFree, assertReusePort } from '../../runtime/workers/shared-port.ts';
import { addRates } from '../observe/request-rates.ts';
import { createEventCounts } from '../observe/service-metrics.ts';
import { type CredveilServer, DEFAULT_PORT, type LiveLimits } from '../server.ts';
import { SnapshotAgreement } from '../snapshots/agreement.ts';
import type { PrimaryAnswers, WorkerAddress, WorkerAnswers, WorkerChannel, WorkerOrder } from './messages.ts';

const TICKET_SECRET_BYTES = 32;
/** A worker that takes longer to give leases back is skipped. */
const RECALL_MS = 1_000;
const METRICS_MS = 2_000;
const WORKER_RATES_MS = 1_000;
/** Workers are asked for their rates at most once in this time. */
const RATES_MS = 1_000;
/** Events about a worker that the worker itself cannot count. */
const PRIMARY_EVENTS: ReadonlySet<string> = new Set(['worker-exited', 'worker-hung']);

export interface WorkersOptions {
  /** From 1 on. With a single one the port is closed while a dead worker is replaced. */
  readonly workers: number;
  readonly onEvent?: OnEvent;
}

/**
 * Starts the workers and waits until all of them are ready.
 * @throws ServerError, StoreError as CredveilError: what `startServer` throws
 */
export async function startWorkers(
  order: WorkerOrder,
  { workers, onEvent = () => undefined }: WorkersOptions,
): Promise<CredveilServer> {
  assertReusePort();
  const { host = '127.0.0.1', port = DEFAULT_PORT } = order.options;
  await assertFree(host, port);
  const events = createEventCounts();
  const agreement = new SnapshotAgreement<WorkerChannel>();
  const ledger = openLedger(order);
  let channels = (): WorkerChannel[] => [];
  const gatherRates = shareFor(RATES_MS, async () => addRates(await askRates(channels())));
  const pool = await startPool<WorkerOrder, WorkerAddress, WorkerAnswers, PrimaryAnswers>({
    entry: new URL('./worker.ts', import.meta.url),
    workers,
    order: { ...order, options: shareOptions(order.options, workers) },
    // If any free port will do, the others take the port of the first.
    follow: (current, address) => ({ ...current, options: { ...current.options, port: address.port } }),
    connect: (channel) => connect(channel, { agreement, ledger, gatherRates }),
    onEvent: (event) => {
      // Workers count their own events.
      if (PRIMARY_EVENTS.has(event.event)) events.count(event);
      onEvent(event);
    },
  }).catch((error: unknown) => {
    ledger.close();
    throw error;
  });
  channels = pool.channels;
  const { url, ...address } = pool.started;
  let closed: Promise<void> | undefined;
  return {
    url,
    address,
    reload: (limits = {}) =>
      pool.reload((options) => ({
        ...options,
        ...limits,
        ...shareConnections(limits, workers),
      })),
    close: async (options) => {
      // By then all workers have given their unused leases back.
      closed ??= pool.close(options).then(() => ledger.close());
      await closed;
    },
    requestRates: gatherRates,
    metrics: async () => {
      const asked = channels().map((channel) => channel.ask('metrics', null, { timeoutMs: METRICS_MS }));
      return [events.collect(), ...(await Promise.all(asked.map((metrics) => metrics.catch(() => []))))];
    },
  };
}

/** What the primary holds for all workers. */
interface Shared {
  readonly agreement: SnapshotAgreement<WorkerChannel>;
  readonly ledger: QuotaLedger;
  readonly gatherRates: () => Promise<RequestRates>;
}

/** Answers what a new worker process asks, until it is gone. */
function connect(channel: WorkerChannel, { agreement, ledger, gatherRates }: Shared): void {
  const holder: LeaseHolder = {
    recall: (request) =>
      channel.ask('recallQuota', request, { timeoutMs: RECALL_MS }).catch(() => (channel.open ? undefined : [])),
  };
  agreement.join(channel);
  channel.onGone(() => {
    agreement.leave(channel);
    ledger.forget(holder);
  });
  channel.handle('snapshotOpened', ({ dataset, snapshot }) => agreement.opened(channel, dataset, snapshot));
  channel.handle('snapshotRefused', ({ dataset }) => agreement.refused(channel, dataset));
  channel.handle('leaseQuota', (request) => ledger.lease(holder, request));
  channel.handle('gatherRates', gatherRates);
  channel.handle('returnQuotas', (returned) => {
    for (const leases of returned) ledger.giveBack(leases);
  });
}

/** The rates of all workers that answer in time. */
async function askRates(channels: readonly WorkerChannel[]): Promise<RequestRates[]> {
  const asked = channels.map((channel) =>
    channel.ask('requestRates', null, { timeoutMs: WORKER_RATES_MS }).catch(() => undefined),
  );
  return (await Promise.all(asked)).filter((rates) => rates !== undefined);
}

/** Calls `make` at most once per `ms`; calls in between share its result. */
function shareFor<Value>(ms: number, make: () => Promise<Value>): () => Promise<Value> {
  let made: { readonly at: number; readonly value: Promise<Value> } | undefined;
  return () => {
    const now = performance.now();
    if (!made || now - made.at >= ms) made = { at: now, value: make() };
    return made.value;
  };
}

/** Opened at once if there are clients: a server that cannot open its quota book does not start. */
function openLedger({ datasets: [{ folder }], options }: WorkerOrder): QuotaLedger {
  const { clientsFile = clientFileFor(folder), quotaFile = quotaBookFor(folder) } = options;
  const ledger = new QuotaLedger(() => openQuotaBook(quotaFile));
  if (readClients(clientsFile)?.length) ledger.open();
  return ledger;
}

/** The options of each worker, from those of all workers together. */
function shareOptions(options: WorkerOrder['options'], workers: number): WorkerOrder['options'] {
  const { tls, maxConnections = DEFAULT_LIMITS.maxConnections } = options;
  const { maxConnectionsPerAddress = DEFAULT_LIMITS.maxConnectionsPerAddress } = options;
  const ticketSecret = randomBytes(TICKET_SECRET_BYTES);
  return {
    ...options,
    reusePort: true,
    ...shareConnections({ maxConnections, maxConnectionsPerAddress }, workers),
    ...(tls && { tls: { ...tls, ticketSecret } }),
  };
}

/** The kernel spreads the connections, of one address too. */
function shareConnections(
  { maxConnections, maxConnectionsPerAddress }: Pick<LiveLimits, 'maxConnections' | 'maxConnectionsPerAddress'>,
  workers: number,
): Pick<LiveLimits, 'maxConnections' | 'maxConnectionsPerAddress'> {
  const share = (limit: number): number => Math.ceil(limit / workers);
  return {
    ...(maxConnections !== undefined && { maxConnections: share(maxConnections) }),
    ...(maxConnectionsPerAddress !== undefined && { maxConnectionsPerAddress: share(maxConnectionsPerAddress) }),
  };
}
