// The gateway over several processes: they share ports, tickets, limits and lists.

import { randomBytes } from 'node:crypto';
import type { OnEvent } from '../../runtime/events.ts';
import type { CloseOptions } from '../../runtime/http/sockets.ts';
import type { Metric } from '../../runtime/observe/metric.ts';
import { startPool } from '../../runtime/workers/primary.ts';
import { assertFree, assertReusePort } from '../../runtime/workers/shared-port.ts';
import { parseListen } from '../config/listen.ts';
import type { GatewayConfig } from '../config/schema.ts';
import { startGateway } from '../gateway.ts';
import { listMetrics } from '../lists/list-metrics.ts';
import type { ListChange } from '../lists/list-replica.ts';
import { createLists, type Lists } from '../lists/lists.ts';
import { assertHoldsTested } from '../quarantine/tested.ts';
import type { FailureCounts } from '../record/recent-failures.ts';
import { warningsOf } from '../warnings.ts';
import { KeptRecord } from './kept-record.ts';
import { KeptState } from './kept-state.ts';
import type { PrimaryAnswers, WorkerAddresses, WorkerAnswers, WorkerOrder } from './messages.ts';

const TICKET_SECRET_BYTES = 32;
const METRICS_MS = 2_000;

/** A gateway of one process or several. */
export interface GatewayService {
  readonly urls: readonly string[];
  /** Applies a configuration that `readConfig` returned. */
  reload(config: GatewayConfig): Promise<void>;
  close(options?: CloseOptions): Promise<void>;
  /** What each process has counted so far. */
  metrics(): Promise<readonly (readonly Metric[])[]>;
  /** The lists in force, which this process keeps. */
  lists(): Lists;
  /** Bans and sessions in force, and how to end them. */
  state(): Pick<KeptState, 'bans' | 'lift' | 'sessions' | 'endSessions' | 'users'>;
  /** Whose logins failed of late. */
  failures(): FailureCounts;
}

export interface ServiceOptions {
  /** 0 serves from this process. */
  readonly workers: number;
  readonly onEvent: OnEvent;
}

/** @throws ServerError for an address that is taken, or files that cannot be used */
export async function startGatewayService(
  config: GatewayConfig,
  { workers, onEvent }: ServiceOptions,
): Promise<GatewayService> {
  let toWorkers: (change: ListChange) => void = () => undefined;
  const keeper = new KeptLists(onEvent, (change) => toWorkers(change));
  const state = new KeptState(onEvent);
  const record = new KeptRecord(onEvent);
  assertHoldsTested(config);
  await keeper.replace(config);
  const warn = (given: GatewayConfig): void => {
    for (const event of warningsOf(given)) onEvent(event);
  };
  try {
    state.start(config);
    record.use(config);
    const kept = { lists: keeper, state, record };
    const gateway =
      workers === 0 ? await startHere(config, kept, onEvent) : await startWorkers(config, workers, kept, onEvent);
    toWorkers = gateway.tell;
    warn(config);
    return {
      urls: gateway.urls,
      lists: () => keeper.lists,
      state: () => state,
      failures: () => record.failures(),
      reload: async (changed) => {
        assertHoldsTested(changed);
        state.open(changed);
        await keeper.replace(changed);
        record.use(changed);
        await gateway.reload(changed);
        warn(changed);
      },
      close: async (options) => {
        await gateway.close(options);
        await keeper.lists.close();
        state.close();
        await record.close();
      },
      metrics: async () => [[...listMetrics(keeper.lists.stats()), ...state.metrics()], ...(await gateway.metrics())],
    };
  } catch (error) {
    await keeper.lists.close();
    state.close();
    throw error;
  }
}

/** Reads the sources of lists, one configuration of them after the other. */
class KeptLists {
  readonly #onEvent: OnEvent;
  readonly #onChange: (change: ListChange) => void;
  #key = '';
  lists: Lists;

  constructor(onEvent: OnEvent, onChange: (change: ListChange) => void) {
    this.#onEvent = onEvent;
    this.#onChange = onChange;
    this.lists = createLists({}, { directory: '', onEvent });
  }

  async replace({ lists: config, stateDirectory = '' }: GatewayConfig): Promise<void> {
    const key = JSON.stringify(config);
    if (key === this.#key || (this.#key === '' && Object.keys(config).length === 0)) return;
    await this.lists.close();
    const lists = createLists(config, { directory: stateDirectory, onEvent: this.#onEvent, onChange: this.#onChange });
    // Waits for sources, so that no rule meets a list that was never read.
    await lists.start();
    this.#key = key;
    this.lists = lists;
  }
}

/** What this process keeps for all of them. */
interface Kept {
  readonly lists: KeptLists;
  readonly state: KeptState;
  readonly record: KeptRecord;
}

interface Processes extends Pick<GatewayService, 'urls' | 'close' | 'metrics'> {
  reload(config: GatewayConfig): void | Promise<void>;
  tell(change: ListChange): void;
}

async function startHere(config: GatewayConfig, { lists, state, record }: Kept, onEvent: OnEvent): Promise<Processes> {
  const onDecisions = (lines: readonly string[]): void => record.append(lines);
  const gateway = await startGateway({ config, lists: lists.lists, state: state.here(), onEvent, onDecisions });
  return {
    urls: gateway.urls,
    reload: (changed) => gateway.reload(changed, lists.lists),
    close: (options) => gateway.close(options),
    metrics: async () => [await gateway.metrics()],
    tell: () => undefined,
  };
}

async function startWorkers(
  config: GatewayConfig,
  workers: number,
  { lists, state, record }: Kept,
  onEvent: OnEvent,
): Promise<Processes> {
  assertReusePort('workers: 0');
  const { listen, forwardAuth } = config;
  for (const { address } of listen) await assertFree(...hostAndPort(address), 'listen');
  if (forwardAuth) await assertFree(...hostAndPort(forwardAuth.listen), 'forwardAuth.listen');
  const pool = await startPool<WorkerOrder, WorkerAddresses, WorkerAnswers, PrimaryAnswers>({
    entry: new URL('./worker.ts', import.meta.url),
    workers,
    order: {
      options: { config },
      gatewayKey: state.key,
      share: 1 / workers,
      ticketSecret: randomBytes(TICKET_SECRET_BYTES),
    },
    follow: (order, { ports }) => ({
      ...order,
      options: { config: withPorts(order.options.config, ports) },
    }),
    connect: (channel) => {
      channel.handle('observed', (change) => lists.lists.take(change));
      channel.handle('decided', (lines) => record.append(lines));
      state.connect(channel);
    },
    onEvent,
  });
  const { urls, ports } = pool.started;
  return {
    urls,
    reload: (changed) => pool.reload(() => ({ config: withPorts(changed, ports) })),
    close: (options) => pool.close(options),
    metrics: () =>
      Promise.all(
        pool.channels().map((channel) => channel.ask('metrics', null, { timeoutMs: METRICS_MS }).catch(() => [])),
      ),
    tell: (change) => {
      // A worker that has just died reads the folder when it starts again.
      for (const channel of pool.channels()) channel.tell('listChanged', change);
    },
  };
}

const hostAndPort = (address: string): [host: string, port: number] => {
  const { host, port } = parseListen(address);
  return [host, port];
};

/** Where any free port would do, the others take the port of the first. */
function withPorts(config: GatewayConfig, ports: readonly number[]): GatewayConfig {
  const { listen, forwardAuth } = config;
  const at = (address: string, i: number): string => {
    const { host } = parseListen(address);
    return `${host.includes(':') ? `[${host}]` : host}:${ports[i] ?? 0}`;
  };
  return {
    ...config,
    listen: listen.map((listener, i) => ({ ...listener, address: at(listener.address, i) })),
    ...(forwardAuth && { forwardAuth: { ...forwardAuth, listen: at(forwardAuth.listen, listen.length) } }),
  };
}
