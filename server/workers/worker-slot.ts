// A place among the workers: the process that fills it, and its replacement when it dies.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { LeaseHolder, QuotaLedger } from '../../access/quota/ledger.ts';
import { CredveilError } from '../../protocol/errors.ts';
import type { RequestRates } from '../../protocol/service-status.ts';
import { ServerError } from '../../runtime/errors.ts';
import { nameError, type OnEvent } from '../../runtime/events.ts';
import { IpcError, openChannel } from '../../runtime/ipc.ts';
import type { Metric } from '../../runtime/observe/metric.ts';
import { type CloseOptions, DEFAULT_DEADLINE_MS } from '../server.ts';
import type { SnapshotAgreement } from '../snapshots/agreement.ts';
import type { PrimaryAnswers, WorkerAddress, WorkerAnswers, WorkerChannel, WorkerOrder } from './messages.ts';

/** A worker that lived this long did not die of how it was started. */
const STABLE_MS = 10_000;
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;
/** What a worker may take beyond its deadline before it is killed. */
const CLOSE_GRACE_MS = 2_000;
/** A worker that takes longer to give leases back is passed over. */
const RECALL_MS = 1_000;
const METRICS_MS = 2_000;
const RATES_MS = 1_000;

/** What the primary has for all of them. */
export interface SharedByWorkers {
  readonly agreement: SnapshotAgreement<WorkerPlace>;
  readonly ledger: QuotaLedger;
  readonly gatherRates: () => Promise<RequestRates>;
}

/** Owns one place among the workers, and the processes that fill it one after the other. */
export class WorkerPlace {
  readonly #agreement: SnapshotAgreement<WorkerPlace>;
  readonly #ledger: QuotaLedger;
  readonly #gatherRates: SharedByWorkers['gatherRates'];
  readonly #order: () => WorkerOrder;
  readonly #onEvent: OnEvent;
  #child: ChildProcess | undefined;
  #channel: WorkerChannel | undefined;
  #readyAt: number | undefined;
  /** Deaths in a row that came too soon. */
  #failures = 0;
  #restart: NodeJS.Timeout | undefined;
  #closing = false;

  constructor(
    number: number,
    { agreement, ledger, gatherRates }: SharedByWorkers,
    order: () => WorkerOrder,
    onEvent: OnEvent,
  ) {
    this.#agreement = agreement;
    this.#ledger = ledger;
    this.#gatherRates = gatherRates;
    this.#order = order;
    this.#onEvent = (event) => onEvent({ worker: number, ...event });
  }

  /** Starts a process and waits until it answers. Rejects with what it could not be started for. */
  async start(): Promise<WorkerAddress> {
    const child = fork(new URL('./worker.ts', import.meta.url), {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    // Where it cannot even be forked its channel is closed, and that is what is told.
    child.on('error', () => undefined);
    this.#child = child;
    this.#readyAt = undefined;
    this.#agreement.join(this);
    const channel: WorkerChannel = openChannel<WorkerAnswers, PrimaryAnswers>(child);
    this.#channel = channel;
    const holder: LeaseHolder = {
      recall: (request) =>
        channel.ask('recallQuota', request, { timeoutMs: RECALL_MS }).catch(() => (channel.open ? undefined : [])),
    };
    channel.onGone(() => this.#ledger.forget(holder));
    this.#answer(channel, holder);
    child.once('exit', (code, signal) => this.#onExit(child, signal ?? `exit code ${code}`));
    try {
      // Reading a snapshot against its checksum takes as long as it takes.
      const order = this.#order();
      const address = await channel.ask('start', order, { timeoutMs: Number.POSITIVE_INFINITY });
      this.#readyAt = performance.now();
      const { options } = this.#order();
      if (options !== order.options) this.reload(options);
      this.#onEvent({ event: 'worker-ready', pid: child.pid ?? 0 });
      return address;
    } catch (error) {
      if (child.pid !== undefined && !hasExited(child)) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      throw startFailure(error);
    }
  }

  reload(options: WorkerOrder['options']): void {
    // One that is not up yet is told when it is.
    if (this.#readyAt === undefined) return;
    this.#channel?.ask('reload', options).catch((error: unknown) => {
      // One that has just died is replaced by one that is told from the start.
      if (!(error instanceof IpcError && error.code === 'PEER_GONE')) this.#report(error);
    });
  }

  /** None of a worker that is not up, or does not answer. */
  async metrics(): Promise<readonly Metric[]> {
    if (this.#readyAt === undefined) return [];
    return (await this.#channel?.ask('metrics', null, { timeoutMs: METRICS_MS }).catch(() => [])) ?? [];
  }

  /** Undefined of a worker that is not up, or does not answer. */
  async requestRates(): Promise<RequestRates | undefined> {
    if (this.#readyAt === undefined) return undefined;
    return this.#channel?.ask('requestRates', null, { timeoutMs: RATES_MS }).catch(() => undefined);
  }

  async close({ deadlineMs = DEFAULT_DEADLINE_MS }: CloseOptions): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child?.pid === undefined || hasExited(child)) return;
    const exited = once(child, 'exit');
    const kill = setTimeout(() => child.kill('SIGKILL'), deadlineMs + CLOSE_GRACE_MS);
    if (this.#readyAt === undefined) child.kill('SIGKILL');
    else {
      await this.#channel
        ?.ask('close', { deadlineMs }, { timeoutMs: deadlineMs + CLOSE_GRACE_MS })
        .catch(() => undefined);
      if (child.connected) child.disconnect();
    }
    await exited;
    clearTimeout(kill);
  }

  /** Where the primary answers what workers ask. */
  #answer(channel: WorkerChannel, holder: LeaseHolder): void {
    channel.handle('event', this.#onEvent);
    channel.handle('snapshotOpened', ({ dataset, snapshot }) => this.#agreement.opened(this, dataset, snapshot));
    channel.handle('leaseQuota', (request) => this.#ledger.lease(holder, request));
    channel.handle('gatherRates', this.#gatherRates);
    channel.handle('returnQuotas', (returned) => {
      for (const leases of returned) this.#ledger.giveBack(leases);
    });
    channel.handle('snapshotRefused', ({ dataset }) => this.#agreement.refused(this, dataset));
  }

  #onExit(child: ChildProcess, why: string): void {
    this.#agreement.leave(this);
    if (this.#closing) return;
    // One that never answered is the failure of a start, which whoever started it is told.
    if (this.#readyAt === undefined) return;
    if (performance.now() - this.#readyAt >= STABLE_MS) this.#failures = 0;
    this.#readyAt = undefined;
    const restartInMs = this.#nextDelayMs();
    this.#onEvent({ event: 'worker-exited', pid: child.pid ?? 0, why, restartInMs });
    this.#restartIn(restartInMs);
  }

  #restartIn(delayMs: number): void {
    this.#restart = setTimeout(() => {
      this.start().catch((error: unknown) => {
        if (this.#closing) return;
        this.#report(error);
        this.#restartIn(this.#nextDelayMs());
      });
    }, delayMs);
  }

  /** At once after the first death, then ever later. */
  #nextDelayMs(): number {
    const failures = this.#failures++;
    return failures === 0 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), MAX_DELAY_MS);
  }

  #report(error: unknown): void {
    const message = error instanceof CredveilError ? error.message : 'the worker could not be started';
    this.#onEvent({ event: 'worker-failed', message, ...nameError(error) });
  }
}

const hasExited = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** What the worker threw, under its own name. */
function startFailure(error: unknown): unknown {
  if (!(error instanceof IpcError)) return error;
  if (error.failure) return new CredveilError(error.failure.code, error.failure.message, error.failure.hint);
  return new ServerError(
    'WORKER_DIED',
    'a worker ended before it answered',
    'Look at what it wrote to standard error; it may have been killed for want of memory.',
  );
}
