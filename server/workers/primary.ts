// The primary: starts workers that share a port, replaces those that die, and passes on what the operator says.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { clientFileFor, readClients } from '../../access/client-file.ts';
import { openQuotaBook, quotaBookFor } from '../../access/quota/book.ts';
import { QuotaLedger } from '../../access/quota/ledger.ts';
import { listenError } from '../../runtime/errors.ts';
import type { OnEvent } from '../../runtime/events.ts';
import { DEFAULT_LIMITS } from '../../runtime/limits.ts';
import { addRates } from '../observe/request-rates.ts';
import { createEventCounts } from '../observe/service-metrics.ts';
import { assertReusePort, type CredveilServer, DEFAULT_PORT } from '../server.ts';
import { SnapshotAgreement } from '../snapshots/agreement.ts';
import type { WorkerAddress, WorkerOrder } from './messages.ts';
import { WorkerPlace } from './worker-slot.ts';

const TICKET_SECRET_BYTES = 32;

export interface WorkersOptions {
  /** From 1 on. With one alone the port is closed while a worker that died is replaced. */
  readonly workers: number;
  readonly onEvent?: OnEvent;
}

/**
 * Starts the workers and waits for all of them.
 * @throws ServerError, StoreError as CredveilError: what `startServer` throws
 */
export async function startWorkers(
  order: WorkerOrder,
  { workers: count, onEvent = () => undefined }: WorkersOptions,
): Promise<CredveilServer> {
  assertReusePort();
  const { host = '127.0.0.1', port = DEFAULT_PORT } = order.options;
  await assertFree(host, port);
  const { tls } = order.options;
  const ticketSecret = randomBytes(TICKET_SECRET_BYTES);
  const shared = tls ? { ...order, options: { ...order.options, tls: { ...tls, ticketSecret } } } : order;
  let current: WorkerOrder = shareLimits(shared, count);
  const events = createEventCounts();
  const agreement = new SnapshotAgreement<WorkerPlace>();
  const ledger = openLedger(order);
  const gatherRates = shareFor(RATES_MS, async () => {
    const told = await Promise.all(workers.map((worker) => worker.requestRates()));
    return addRates(told.filter((rates) => rates !== undefined));
  });
  const workers: WorkerPlace[] = Array.from(
    { length: count },
    (_, i) =>
      new WorkerPlace(
        i + 1,
        { agreement, ledger, gatherRates },
        () => current,
        (event) => {
          // What a worker tells it has counted itself.
          if (PRIMARY_EVENTS.has(event.event)) events.count(event);
          onEvent(event);
        },
      ),
  );
  const [first, ...others] = workers as [WorkerPlace, ...WorkerPlace[]];
  let address: WorkerAddress;
  try {
    address = await first.start();
    // Where any free port was wanted, the others take the same.
    current = { ...current, options: { ...current.options, port: address.port } };
    await Promise.all(others.map((worker) => worker.start()));
  } catch (error) {
    await Promise.all(workers.map((worker) => worker.close({ deadlineMs: 1 })));
    ledger.close();
    throw error;
  }
  let closed: Promise<void> | undefined;
  return {
    url: address.url,
    address: { host: address.host, port: address.port },
    reload: (limits = {}) => {
      current = shareLimits({ ...current, options: { ...current.options, ...limits } }, count);
      for (const worker of workers) worker.reload(current.options);
    },
    close: async (options = {}) => {
      // By then all workers have given back what they had left.
      closed ??= Promise.all(workers.map((worker) => worker.close(options))).then(() => ledger.close());
      await closed;
    },
    requestRates: gatherRates,
    metrics: async () => [events.collect(), ...(await Promise.all(workers.map((worker) => worker.metrics())))],
  };
}

/** However often they are looked at, workers are asked for their rates once in this time. */
const RATES_MS = 1_000;

/** Does it once in a while, and gives to all who ask meanwhile what came of it. */
function shareFor<Value>(ms: number, make: () => Promise<Value>): () => Promise<Value> {
  let made: { readonly at: number; readonly value: Promise<Value> } | undefined;
  return () => {
    const now = performance.now();
    if (!made || now - made.at >= ms) made = { at: now, value: make() };
    return made.value;
  };
}

/** Events of workers that they cannot tell of themselves. */
const PRIMARY_EVENTS: ReadonlySet<string> = new Set(['worker-exited']);

/** Opened now where there are clients, so that a server which cannot have the book does not start. */
function openLedger({ datasets: [{ folder }], options }: WorkerOrder): QuotaLedger {
  const { clientsFile = clientFileFor(folder), quotaFile = quotaBookFor(folder) } = options;
  const ledger = new QuotaLedger(() => openQuotaBook(quotaFile));
  if (readClients(clientsFile)?.length) ledger.open();
  return ledger;
}

/** Each worker its part of what is meant for all together. */
function shareLimits(order: WorkerOrder, count: number): WorkerOrder {
  const { maxConnections = DEFAULT_LIMITS.maxConnections } = order.options;
  return {
    ...order,
    options: { ...order.options, reusePort: true, maxConnections: Math.ceil(maxConnections / count) },
  };
}

/** Processes of one user may share a port: without this a server that still runs would get half of the requests. */
async function assertFree(host: string, port: number): Promise<void> {
  const probe = net.createServer();
  try {
    probe.listen({ host, port });
    await once(probe, 'listening');
  } catch (cause) {
    throw listenError(cause, host, port);
  }
  probe.close();
  await once(probe, 'close');
}
