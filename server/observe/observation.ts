// What is counted and logged of each request, when its answer is done.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Client } from '../../access/client-file.ts';
import type { Log } from '../../runtime/observe/log.ts';
import type { Route } from '../api/route.ts';
import type { RequestMetrics } from './request-metrics.ts';
import type { RequestCounter } from './request-rates.ts';

/** What becomes known of a request on its way. */
export interface RequestFacts {
  route: Route | undefined;
  client: Client | undefined;
}

/** @returns to be called when the handler has done its part */
export type Observe = (request: IncomingMessage, response: ServerResponse, facts: RequestFacts) => () => void;

export function createObserve(metrics: RequestMetrics, rates: RequestCounter, log: Log): Observe {
  return (request, response, facts) => {
    const startedAt = performance.now();
    const { socket, method = '' } = request;
    const sentBefore = log.requests ? socket.bytesWritten : 0;
    const end = (): void => {
      const durationMs = performance.now() - startedAt;
      const status = response.headersSent ? response.statusCode : 0;
      const { route, client } = facts;
      metrics.observe(route, status, durationMs / 1000);
      rates.count(route?.path, status);
      if (!log.requests) return;
      log.request({
        route: route?.path ?? 'none',
        method,
        status,
        durationMs: Math.round(1000 * durationMs) / 1000,
        ...(client && { client: client.name, clientId: client.id }),
        bytes: socket.bytesWritten - sentBefore,
      });
    };
    return () => {
      if (response.writableEnded || response.destroyed) end();
      else response.once('close', end);
    };
  };
}
