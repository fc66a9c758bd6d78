// A slot of the pool: the process that fills it, and its replacement when that process dies.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { CredveilError } from '../../protocol/errors.ts';
import { ServerError } from '../errors.ts';
import { nameError, type OnEvent } from '../events.ts';
import { type CloseOptions, DEFAULT_DEADLINE_MS } from '../http/sockets.ts';
import { type Channel, IpcError, openChannel } from '../ipc.ts';
import { type BeatOptions, Heartbeat } from './heartbeat.ts';
import type { Order, PrimaryLifecycle, WorkerLifecycle } from './messages.ts';

/** A worker that lived this long did not die of its start. */
const STABLE_MS = 10_000;
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;
/** How long a worker may exceed its deadline before it is killed. */
const CLOSE_GRACE_MS = 2_000;

/** What the pool gives to each of its slots. */
export interface SlotOptions<Asked extends object, Answered extends object> {
  /** Names the worker in events, from 1 on. */
  readonly number: number;
  /** The module that a worker process runs; it calls `runWorker`. */
  readonly entry: URL;
  /** The order in force. */
  readonly order: () => Order;
  /**
   * Registers the service's answers on the channel of a new process, before that process is
   * started.
   */
  readonly connect: (channel: Channel<Asked, Answered>) => void;
  readonly onEvent: OnEvent;
  readonly beats: BeatOptions;
}

/** Owns one slot of the pool and the processes that fill it, one after the other. */
export class WorkerSlot<Started, Asked extends object, Answered extends object> {
  readonly #options: SlotOptions<Asked, Answered>;
  readonly #onEvent: OnEvent;
  #child: ChildProcess | undefined;
  #channel: Channel<WorkerLifecycle, PrimaryLifecycle> | undefined;
  #readyAt: number | undefined;
  /** Of the worker that is ready. */
  #heartbeat: Heartbeat | undefined;
  /** Early deaths in a row. */
  #failures = 0;
  #restart: NodeJS.Timeout | undefined;
  #closing = false;

  constructor(options: SlotOptions<Asked, Answered>) {
    this.#options = options;
    this.#onEvent = (event) => options.onEvent({ worker: options.number, ...event });
  }

  /** The service's channel to the worker; undefined while no worker is ready. */
  get channel(): Channel<Asked, Answered> | undefined {
    return this.#readyAt === undefined ? undefined : this.#serviceChannel(this.#channel);
  }

  /**
   * Starts a process and waits until it is ready.
   * @throws CredveilError the error of the worker's `start`, or `WORKER_DIED`
   */
  async start(): Promise<Started> {
    const child = fork(this.#options.entry, {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    // If the fork itself fails, its channel is closed: the ask below reports that.
    child.on('error', () => undefined);
    this.#child = child;
    this.#readyAt = undefined;
    const channel = openChannel<WorkerLifecycle, PrimaryLifecycle>(child);
    this.#channel = channel;
    channel.handle('event', this.#onEvent);
    this.#options.connect(this.#serviceChannel(channel));
    child.once('exit', (code, signal) => this.#onExit(child, signal ?? `exit code ${code}`));
    try {
      const order = this.#options.order();
      // Checking a snapshot against its checksum may take any time.
      const started = (await channel.ask('start', order, { timeoutMs: Number.POSITIVE_INFINITY })) as Started;
      this.#readyAt = performance.now();
      const ask = () => channel.ask('beat', null, { timeoutMs: Number.POSITIVE_INFINITY });
      this.#heartbeat = new Heartbeat(ask, this.#options.beats);
      const { options } = this.#options.order();
      if (options !== order.options) this.reload(options);
      this.#onEvent({ event: 'worker-ready', pid: child.pid ?? 0 });
      return started;
    } catch (error) {
      if (child.pid !== undefined && !hasExited(child)) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      throw startFailure(error);
    }
  }

  reload(options: object): void {
    // A worker that is not ready yet reloads once it is.
    if (this.#readyAt === undefined) return;
    this.#channel?.ask('reload', options).catch((error: unknown) => {
      // A worker that has just died is replaced by one that starts with the new options.
      if (!(error instanceof IpcError && error.code === 'PEER_GONE')) this.#report(error);
    });
  }

  /** Kills a worker that has not answered for too many beats, so that it is replaced. */
  beat(now: number): void {
    if (!this.#heartbeat?.beat(now)) return;
    this.#heartbeat = undefined;
    const { everyMs, misses } = this.#options.beats;
    this.#onEvent({ event: 'worker-hung', pid: this.#child?.pid ?? 0, silentMs: everyMs * misses });
    this.#child?.kill('SIGKILL');
  }

  async close({ deadlineMs = DEFAULT_DEADLINE_MS }: CloseOptions): Promise<void> {
    this.#closing = true;
    this.#heartbeat = undefined;
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

  /** One channel carries the pool's messages and the service's: each side sees its own contract. */
  #serviceChannel<C extends Channel<WorkerLifecycle, PrimaryLifecycle> | undefined>(channel: C) {
    return channel as unknown as C extends undefined ? undefined : Channel<Asked, Answered>;
  }

  #onExit(child: ChildProcess, why: string): void {
    this.#heartbeat = undefined;
    if (this.#closing) return;
    // A process that was never ready is a failed start: the caller of `start` gets that error.
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

  /** No delay after the first death, then doubling. */
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

/** Rebuilds the worker's own error. */
function startFailure(error: unknown): unknown {
  if (!(error instanceof IpcError)) return error;
  if (error.failure) return new CredveilError(error.failure.code, error.failure.message, error.failure.hint);
  return new ServerError(
    'WORKER_DIED',
    'a worker died while starting',
    'Check its output on standard error; the system may have killed it for lack of memory.',
  );
}
