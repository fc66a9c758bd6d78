// The entry of a worker process: one of several gateways on the same ports.

import '../../runtime/workers/deaf.ts';
import type { OnEvent } from '../../runtime/events.ts';
import type { Channel } from '../../runtime/ipc.ts';
import { runWorker } from '../../runtime/workers/worker.ts';
import type { Address } from '../addresses/address.ts';
import type { GatewayConfig } from '../config/schema.ts';
import { createRemoteFactors } from '../factors/factor-peer.ts';
import { type Gateway, startGateway } from '../gateway.ts';
import type { ProcessLists } from '../gateway-options.ts';
import { createRemotePeer } from '../limits/limit-peer.ts';
import type { ProcessState } from '../limits/process-state.ts';
import { type ListChange, ListReplica } from '../lists/list-replica.ts';
import { RemoteState } from '../state/remote-state.ts';
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

/** The state, by way of the first process. */
function reachState(
  primary: Channel<PrimaryAnswers, WorkerAnswers>,
  { gatewayKey: key }: WorkerOrder,
): ProcessState | undefined {
  const state = new RemoteState((questions) => primary.ask('state', questions));
  primary.handle('published', ({ topic, message }) => state.receive(topic, message));
  return (
    key && {
      ...{ state, key },
      limits: createRemotePeer((questions) => primary.ask('limits', questions)),
      factors: createRemoteFactors((questions) => primary.ask('factors', questions)),
    }
  );
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
    order: WorkerOrder,
    primary: Channel<PrimaryAnswers, WorkerAnswers>,
    onEvent: OnEvent,
  ): Promise<WorkerGateway> {
    const {
      options: { config },
      share,
      ticketSecret,
    } = order;
    const tell = (change: ListChange): void => void primary.tell('observed', change);
    const lists = new WorkerLists(config, tell);
    await lists.load();
    const state = reachState(primary, order);
    const onDecisions = (lines: readonly string[]): void => void primary.tell('decided', lines);
    const own = { share, ticketSecret, reusePort: true };
    const gateway = await startGateway({ config, lists, state, ...own, onEvent, onDecisions });
    return new WorkerGateway(gateway, config, lists, tell);
  }

  get addresses(): WorkerAddresses {
    return { urls: this.#gateway.urls, ports: this.#gateway.ports };
  }

  async reload({ config }: WorkerOptions): Promise<void> {
    const isSame = JSON.stringify(config.lists) === JSON.stringify(this.#config.lists);
    const lists = isSame ? this.#lists : new WorkerLists(config, this.#tell);
    if (!isSame) await lists.load();
    await this.#gateway.reload(config, lists);
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
    WorkerGateway.start(order, primary, onEvent),
  describe: ({ addresses }) => addresses,
});
worker.primary.handle('metrics', () => worker.service().metrics());
worker.primary.handle('listChanged', (change) => worker.service().listChanged(change));
