// What is counted and logged of each request, once its response is done.

import type { Log } from '../../runtime/observe/log.ts';
import type { RouteFacts, ServiceExchange } from '../exchange.ts';
import type { RequestMetrics } from './request-metrics.ts';
import type { RequestCounter } from './request-rates.ts';

/** Classes of requests whose answers depend on a prefix. */
const BY_PREFIX: ReadonlySet<RouteFacts['rates']> = new Set(['bucket', 'evaluation', 'range']);

/** @returns a function to call when the handler has done its part */
export type Observe = (exchange: ServiceExchange) => () => void;

export function createObserve(metrics: RequestMetrics, rates: RequestCounter, log: Log): Observe {
  return (exchange) => {
    const startedAt = performance.now();
    const { request, response } = exchange;
    const { socket, method = '' } = request;
    const sentBefore = log.requests ? socket.bytesWritten : 0;
    const end = (): void => {
      const durationMs = performance.now() - startedAt;
      const status = response.headersSent ? response.statusCode : 0;
      const { route } = exchange;
      metrics.observe(route?.path, status, durationMs / 1000);
      rates.count(route?.rates, status);
      if (!log.requests) return;
      const { client } = exchange.admission;
      log.request({
        route: route?.path ?? 'none',
        method,
        status,
        durationMs: Math.round(1000 * durationMs) / 1000,
        ...(client && { client: client.name, clientId: client.id }),
        // The length of an answer to a prefix may tell which prefix it was.
        ...(!(route && BY_PREFIX.has(route.rates)) && { bytes: socket.bytesWritten - sentBefore }),
      });
    };
    return () => {
      if (response.writableEnded || response.destroyed) end();
      else response.once('close', end);
    };
  };
}
