// The entry of a worker process: one of several gateways on the same ports.

import type { OnEvent } from '../../runtime/events.ts';
import type { Channel } from '../../runtime/ipc.ts';
import { runWorker } from '../../runtime/workers/worker.ts';
import type { Address } from '../addresses/address.ts';
import type { GatewayConfig } from '../config/schema.ts';
import { type Gateway, type ProcessLists, startGateway } from '../gateway.ts';
import { type ListChange, ListReplica } from '../lists/list-replica.ts';
import type { PrimaryAnswers, WorkerAddresses, WorkerAnswers, WorkerOptions, WorkerOrder } from './messages.ts';

/** The lists of this worker, and its observations for the others. */
class WorkerLists implements ProcessLists {
  readonly #replica: ListReplica;
  readonly #tell: (change: ListChange) => void;

  constructor({ lists, stateDirectory = '' }: GatewayConfig, tell: (change: ListChange) => void) {
    this.#replica = new ListReplica(lists, stateDirectory);
    this.#tell = tell;
  }

  load(): Promise<void> {
    return this.#replica.load();
  }

  lookup(name: string) {
    return this.#replica.lookup(name);
  }

  observe(name: string, address: Address, ttlMs?: number): void {
    const change = this.#replica.observe(name, address, ttlMs);
    if (change) this.#tell(change);
  }

  apply(change: ListChange): Promise<void> {
    return this.#replica.apply(change);
  }
}

/** A gateway with the lists in force. */
class WorkerGateway {
  readonly #gateway: Gateway;
  readonly #tell: (change: ListChange) => void;
  #config: GatewayConfig;
  #lists: WorkerLists;

  private constructor(gateway: Gateway, config: GatewayConfig, lists: WorkerLists, tell: (change: ListChange) => void) {
    this.#gateway = gateway;
    this.#config = config;
    this.#lists = lists;
    this.#tell = tell;
  }

  static async start(
    { options: { config }, share, ticketSecret }: WorkerOrder,
    tell: (change: ListChange) => void,
    onEvent: OnEvent,
  ): Promise<WorkerGateway> {
    const lists = new WorkerLists(config, tell);
    await lists.load();
    const gateway = await startGateway({ config, lists, share, ticketSecret, reusePort: true, onEvent });
    return new WorkerGateway(gateway, config, lists, tell);
  }

  get addresses(): WorkerAddresses {
    return { urls: this.#gateway.urls, ports: this.#gateway.ports };
  }

  async reload({ config }: WorkerOptions): Promise<void> {
    const isSame = JSON.stringify(config.lists) === JSON.stringify(this.#config.lists);
    const lists = isSame ? this.#lists : new WorkerLists(config, this.#tell);
    if (!isSame) await lists.load();
    this.#gateway.reload(config, lists);
    this.#lists = lists;
    this.#config = config;
  }

  listChanged(change: ListChange): Promise<void> {
    return this.#lists.apply(change);
  }

  close(options: Parameters<Gateway['close']>[0]): Promise<void> {
    return this.#gateway.close(options);
  }

  metrics() {
    return this.#gateway.metrics();
  }
}

const worker = runWorker<WorkerOrder, WorkerGateway, PrimaryAnswers, WorkerAnswers>({
  title: 'credveil gateway worker',
  start: (order, primary: Channel<PrimaryAnswers, WorkerAnswers>, onEvent) =>
    WorkerGateway.start(order, (change) => primary.tell('observed', change), onEvent),
  describe: ({ addresses }) => addresses,
});
worker.primary.handle('metrics', () => worker.service().metrics());
worker.primary.handle('listChanged', (change) => worker.service().listChanged(change));
