// The gateway over several processes: they share ports, tickets and limits.

import { randomBytes } from 'node:crypto';
import type { OnEvent } from '../../runtime/events.ts';
import type { CloseOptions } from '../../runtime/http/sockets.ts';
import type { Metric } from '../../runtime/observe/metric.ts';
import { startPool } from '../../runtime/workers/primary.ts';
import { assertFree, assertReusePort } from '../../runtime/workers/shared-port.ts';
import { parseListen } from '../config/listen.ts';
import type { GatewayConfig } from '../config/schema.ts';
import { startGateway } from '../gateway.ts';
import type { WorkerAddresses, WorkerAnswers, WorkerOrder } from './messages.ts';

const TICKET_SECRET_BYTES = 32;
const METRICS_MS = 2_000;

/** A gateway of one process or several. */
export interface GatewayService {
  readonly urls: readonly string[];
  /** Applies a configuration that `parseConfig` returned. */
  reload(config: GatewayConfig): void;
  close(options?: CloseOptions): Promise<void>;
  /** What each process has counted so far. */
  metrics(): Promise<readonly (readonly Metric[])[]>;
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
  if (workers === 0) {
    const gateway = await startGateway({ config, onEvent });
    return {
      urls: gateway.urls,
      reload: (changed) => gateway.reload(changed),
      close: (options) => gateway.close(options),
      metrics: async () => [await gateway.metrics()],
    };
  }
  assertReusePort();
  for (const { address } of config.listen) {
    const { host, port } = parseListen(address);
    await assertFree(host, port);
  }
  const pool = await startPool<WorkerOrder, WorkerAddresses, WorkerAnswers, object>({
    entry: new URL('./worker.ts', import.meta.url),
    workers,
    order: { options: { config }, share: 1 / workers, ticketSecret: randomBytes(TICKET_SECRET_BYTES) },
    follow: (order, { ports }) => ({ ...order, options: { config: withPorts(order.options.config, ports) } }),
    connect: () => undefined,
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
  };
}

/** Where any free port would do, the others take the port of the first. */
function withPorts(config: GatewayConfig, ports: readonly number[]): GatewayConfig {
  const listen = config.listen.map((listener, i) => {
    const { host } = parseListen(listener.address);
    const name = host.includes(':') ? `[${host}]` : host;
    return { ...listener, address: `${name}:${ports[i] ?? 0}` };
  });
  return { ...config, listen };
}
