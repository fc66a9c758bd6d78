// The worker's side of the pool: a process that starts its service when the primary orders it to.

import { ServerError } from '../errors.ts';
import type { OnEvent } from '../events.ts';
import type { CloseOptions } from '../http/sockets.ts';
import { type Channel, openChannel } from '../ipc.ts';
import type { Order, PrimaryLifecycle, WorkerLifecycle } from './messages.ts';

/** How long a worker whose primary has died finishes its requests. */
const ORPHAN_DEADLINE_MS = 10_000;

/** A started service. */
export interface WorkerService<Options extends object> {
  reload(options: Options): void;
  close(options: CloseOptions): Promise<void>;
}

export interface WorkerOptions<O extends Order, Service, Asked extends object, Answered extends object> {
  /** Process title. */
  readonly title: string;
  /** @param onEvent sends an event to the primary */
  start(order: O, primary: Channel<Asked, Answered>, onEvent: OnEvent): Promise<Service>;
  /** What the primary learns of a started service. */
  describe(service: Service): unknown;
  /** Runs after the service has closed, while the primary is still there. */
  closed?(primary: Channel<Asked, Answered>): Promise<void>;
}

export interface WorkerProcess<Service, Asked extends object, Answered extends object> {
  readonly primary: Channel<Asked, Answered>;
  /** @throws ServerError `WORKER_NOT_STARTED` */
  service(): Service;
}

/**
 * Called once, by the entry module of a worker. The service then registers its own answers on
 * `primary`.
 */
export function runWorker<
  O extends Order,
  Service extends WorkerService<O['options']>,
  Asked extends object,
  Answered extends object,
>({
  title,
  start,
  describe,
  closed,
}: WorkerOptions<O, Service, Asked, Answered>): WorkerProcess<Service, Asked, Answered> {
  const channel = openChannel<PrimaryLifecycle, WorkerLifecycle>(process);
  const primary = channel as unknown as Channel<Asked, Answered>;
  let running: Service | undefined;
  const service = (): Service => {
    if (running) return running;
    throw new ServerError('WORKER_NOT_STARTED', 'the worker has not started yet', 'Send it a start message first.');
  };

  process.title = title;
  channel.onGone(async () => {
    await running?.close({ deadlineMs: ORPHAN_DEADLINE_MS });
    process.exit();
  });
  channel.handle('start', async (order) => {
    running = await start(order as O, primary, (event) => channel.tell('event', event));
    return describe(running);
  });
  channel.handle('beat', () => undefined);
  channel.handle('reload', (options) => service().reload(options));
  channel.handle('close', async (options) => {
    await service().close(options);
    await closed?.(primary);
  });
  return { primary, service };
}
