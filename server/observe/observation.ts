// What is counted and logged of each request, once its response is done.

import type { Log } from '../../runtime/observe/log.ts';
import type { RouteFacts, ServiceExchange } from '../exchange.ts';
import type { RequestMetrics } from './request-metrics.ts';
import type { RequestCounter } from './request-rates.ts';

/** Classes of requests whose answers depend on a prefix. */
const BY_PREFIX: ReadonlySet<RouteFacts['rates']> = new Set(['bucket', 'evaluation', 'range']);

/** Counts and logs requests, each once. No closures: one for each request would cost time. */
export interface Observe {
  begin(exchange: ServiceExchange): void;
  /** To be called when the handler has done its part. */
  settle(exchange: ServiceExchange): void;
}

export function createObserve(metrics: RequestMetrics, rates: RequestCounter, log: Log): Observe {
  const end = (exchange: ServiceExchange): void => {
    const { request, response, route } = exchange;
    const durationMs = performance.now() - exchange.startedAt;
    const status = response.headersSent ? response.statusCode : 0;
    metrics.observe(route?.path, status, durationMs / 1000);
    rates.count(route?.rates, status);
    if (!log.requests) return;
    const { client } = exchange.admission;
    log.request({
      route: route?.path ?? 'none',
      method: exchange.method,
      status,
      durationMs: Math.round(1000 * durationMs) / 1000,
      ...(client && { client: client.name, clientId: client.id }),
      // The length of an answer to a prefix may tell which prefix it was.
      ...(!(route && BY_PREFIX.has(route.rates)) && { bytes: request.socket.bytesWritten - exchange.sentBefore }),
    });
  };
  return {
    begin: (exchange) => {
      exchange.startedAt = performance.now();
      if (log.requests) exchange.sentBefore = exchange.request.socket.bytesWritten;
    },
    settle: (exchange) => {
      const { response } = exchange;
      if (response.writableEnded || response.destroyed) end(exchange);
      else response.once('close', () => end(exchange));
    },
  };
}
