// Admission: whether a request may be answered, by who asks and by what that client has left. PROTOCOL.md §18.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendProblem } from '../runtime/http/problem.ts';
import { addressAnswer } from '../runtime/http/response-headers.ts';
import type { ClientDirectory } from './client-directory.ts';
import type { Client } from './client-file.ts';
import type { Cost, QuotaMeter, Taken, Unmetered } from './quota/meter.ts';

/** What an evaluation asks before it is made. */
export interface Admission {
  /** Undefined for an anonymous request. */
  readonly client: Client | undefined;
  /**
   * Takes the cost of a request, once. True where it may go on; false where it was answered with a problem.
   * A promise only where another process has to be asked.
   */
  take(cost: Cost): boolean | Promise<boolean>;
}

/** What an operator counts. */
export interface OnAdmission {
  took(client: Client | undefined, cost: Cost): void;
  refused(client: Client, taken: Taken): void;
}

/** Undefined, and the request answered, where nobody may ask it. */
export type Admit = (request: IncomingMessage, response: ServerResponse) => Admission | undefined;

const CLOSE = ['Connection', 'close'];
const CHALLENGE = ['WWW-Authenticate', 'Bearer realm="credveil"'];
const INVALID = ['WWW-Authenticate', 'Bearer realm="credveil", error="invalid_token"'];
const RETRY = ['Retry-After', '1'];

/** For what everyone may ask: it costs nothing. */
export const ANONYMOUS: Admission = { client: undefined, take: () => true };

export function createAdmit(clients: ClientDirectory, meter: QuotaMeter, on: OnAdmission): Admit {
  const anonymous: Admission = {
    client: undefined,
    take: (cost) => {
      on.took(undefined, cost);
      return true;
    },
  };
  return (request, response) => {
    const identity = clients.identify(request);
    if (identity === 'ANONYMOUS') return anonymous;
    if (typeof identity === 'string') {
      // What follows on the connection may be a body that is not going to be read.
      const challenge = identity === 'CLIENT_REQUIRED' ? CHALLENGE : INVALID;
      sendProblem(response, identity, [...challenge, ...CLOSE]);
      return undefined;
    }
    const close = request.method === 'POST' && !request.complete ? CLOSE : [];
    // From here on the answer is this client's, whatever a cache on the way thinks of keys.
    const headers: string[] = [];
    addressAnswer(response, headers);
    const settle = (cost: Cost, taken: Taken | Unmetered | undefined): boolean => {
      if (taken === 'QUOTA_UNKNOWN') {
        sendProblem(response, taken, [...RETRY, ...close]);
        return false;
      }
      if (taken) headers.push(...taken.headers);
      if (!taken || taken.violated.length === 0) {
        on.took(identity, cost);
        return true;
      }
      on.refused(identity, taken);
      sendProblem(response, 'QUOTA_EXCEEDED', ['Retry-After', String(taken.retryAfter), ...close], {
        'violated-policies': taken.violated,
      });
      return false;
    };
    return {
      client: identity,
      take: (cost) => {
        const taken = meter.take(identity, cost);
        return taken instanceof Promise ? taken.then((known) => settle(cost, known)) : settle(cost, taken);
      },
    };
  };
}
