// GET /metrics in the format of Prometheus, at an address of its own: what it tells is for the operator alone.

import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AggregatorRegistry, Registry } from 'prom-client';
import { listenError } from '../errors.ts';
import { nameError, type OnEvent } from '../events.ts';
import { sendProblem } from '../http/problem.ts';
import type { Metric } from './metric.ts';

export interface MetricsListener {
  readonly url: string;
  close(): Promise<void>;
}

export interface MetricsListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly onEvent: OnEvent;
}

const MAX_CONNECTIONS = 32;
const TIMEOUT_MS = 5_000;

/**
 * @param collect the metrics of each process
 * @throws ServerError where it cannot listen
 */
export async function startMetricsListener(
  collect: () => Promise<readonly (readonly Metric[])[]>,
  { host, port, onEvent }: MetricsListenerOptions,
): Promise<MetricsListener> {
  const server = createServer({ headersTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS }, (request, response) => {
    if (request.url !== '/metrics') sendProblem(response, 'ROUTE_MISSING');
    else if (request.method !== 'GET' && request.method !== 'HEAD')
      sendProblem(response, 'METHOD_NOT_ALLOWED', ['Allow', 'GET, HEAD']);
    else
      answer(response).catch((error: unknown) => {
        onEvent({ event: 'request-failed', ...nameError(error) });
        sendProblem(response, 'INTERNAL');
      });
  });
  const answer = async (response: ServerResponse): Promise<void> => {
    const text = await formatMetrics(await collect());
    const headers = ['Content-Type', Registry.PROMETHEUS_CONTENT_TYPE, 'Content-Length', `${Buffer.byteLength(text)}`];
    response.writeHead(200, [...headers, 'Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff']).end(text);
  };
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(listenError(cause, host, port)));
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

/** Adds up what several processes counted. */
export function formatMetrics(processes: readonly (readonly Metric[])[]): Promise<string> {
  return AggregatorRegistry.aggregate(processes as Metric[][]).metrics();
}
