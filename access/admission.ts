// Admission: decides by client and remaining quota whether a request is served. PROTOCOL.md §18.

import type { Exchange } from '../runtime/http/exchange.ts';
import { ProblemError } from '../runtime/http/problem.ts';
import type { ClientDirectory } from './client-directory.ts';
import type { Client } from './client-list.ts';
import type { Cost, QuotaMeter, Taken } from './quota/meter.ts';

export interface Admission {
  /** Undefined for an anonymous request. */
  readonly client: Client | undefined;
  /** Whether the bytes of responses count. */
  readonly countsBytes: boolean;
  /**
   * Charges a cost of the request to the client's quotas. A promise only if the ledger of
   * another process has to be asked.
   * @throws ProblemError `QUOTA_EXCEEDED`, `QUOTA_UNKNOWN`
   */
  take(cost: Cost): void | Promise<void>;
}

/** Counts for the operator. */
export interface OnAdmission {
  took(client: Client | undefined, cost: Cost): void;
  refused(client: Client, taken: Taken): void;
}

/** @throws ProblemError `CLIENT_REQUIRED`, `CLIENT_UNKNOWN` */
export type Admit = (exchange: Exchange) => Admission;

/** For open routes: access without a key, at no cost. */
export const ANONYMOUS: Admission = { client: undefined, countsBytes: false, take: () => undefined };

export function createAdmit(clients: ClientDirectory, meter: QuotaMeter, on: OnAdmission): Admit {
  const anonymous: Admission = { client: undefined, countsBytes: false, take: (cost) => on.took(undefined, cost) };
  return (exchange) => {
    const client = clients.identify(exchange.request);
    if (!client) return anonymous;
    exchange.belongToClient();
    const settle = (cost: Cost, taken: Taken | undefined): void => {
      if (taken) exchange.quotaHeaders = taken.headers;
      if (!taken || taken.violated.length === 0) {
        on.took(client, cost);
        return;
      }
      on.refused(client, taken);
      throw new ProblemError('QUOTA_EXCEEDED', {
        headers: ['Retry-After', String(taken.retryAfter)],
        members: { 'violated-policies': taken.violated },
      });
    };
    return {
      client,
      countsBytes: client.quotas['bytes-per-day'] !== undefined,
      take: (cost) => {
        const taken = meter.take(client, cost);
        return taken instanceof Promise ? taken.then((known) => settle(cost, known)) : settle(cost, taken);
      },
    };
  };
}
