// GET /metrics in the format of Prometheus, at its own address: metrics are for the operator alone.

import type { AddressInfo } from 'node:net';
import { type ListenSetting, listenError } from '../errors.ts';
import { nameError, type OnEvent } from '../events.ts';
import { createBrowserGate, isLoopback } from '../http/browser-gate.ts';
import { Exchange } from '../http/exchange.ts';
import { headerBlock } from '../http/headers.ts';
import { createServer } from '../http/node-http.ts';
import { ProblemError } from '../http/problem.ts';
import type { Metric } from './metric.ts';

export interface MetricsListener {
  readonly url: string;
  close(): Promise<void>;
}

export interface MetricsListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly onEvent: OnEvent;
  /** What sets the address. Default: the flag. */
  readonly setting?: ListenSetting;
}

const MAX_CONNECTIONS = 32;
const TIMEOUT_MS = 5_000;

/**
 * @param collect the metrics of each process
 * @throws ServerError if it cannot listen
 */
export async function startMetricsListener(
  collect: () => Promise<readonly (readonly Metric[])[]>,
  { host, port, onEvent, setting = '--metrics' }: MetricsListenerOptions,
): Promise<MetricsListener> {
  const { Registry } = await import('prom-client');
  const headers = headerBlock({
    'Content-Type': Registry.PROMETHEUS_CONTENT_TYPE,
    'X-Content-Type-Options': 'nosniff',
  });
  const browsers = createBrowserGate({}, () => isLoopback(host));
  const answer = async (exchange: Exchange): Promise<void> => {
    const { url } = exchange.request;
    browsers.assertHost(exchange.request);
    if (url !== '/metrics') throw new ProblemError('ROUTE_MISSING');
    if (exchange.method !== 'GET' && exchange.method !== 'HEAD')
      throw new ProblemError('METHOD_NOT_ALLOWED', { headers: ['Allow', 'GET, HEAD'] });
    exchange.reply(200, headers, Buffer.from(await formatMetrics(await collect())));
  };
  const server = createServer({ headersTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS }, (request, response) => {
    const exchange = new Exchange(request, response);
    answer(exchange).catch((error: unknown) => {
      if (error instanceof ProblemError) return exchange.refuse(error);
      onEvent({ event: 'request-failed', ...nameError(error) });
      exchange.refuse(new ProblemError('INTERNAL'));
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(listenError(cause, host, port, setting)));
    server.listen({ host, port }, resolve);
  });
  const address = server.address() as AddressInfo;
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${name}:${address.port}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Adds up the metrics of several processes. */
export async function formatMetrics(processes: readonly (readonly Metric[])[]): Promise<string> {
  const { AggregatorRegistry } = await import('prom-client');
  return AggregatorRegistry.aggregate(processes as Metric[][]).metrics();
}
