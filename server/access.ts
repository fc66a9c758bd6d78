// Who has access and how much, and what is counted and logged.

import { type Admit, createAdmit } from '../access/admission.ts';
import { ClientDirectory } from '../access/client-directory.ts';
import { clientFileFor } from '../access/client-file.ts';
import type { Client } from '../access/client-list.ts';
import { openQuotaBook, quotaBookFor } from '../access/quota/book.ts';
import { QuotaLedger } from '../access/quota/ledger.ts';
import { QuotaMeter } from '../access/quota/meter.ts';
import { type QuotaPolicy, windowOf } from '../access/quota/policy.ts';
import type { OnEvent } from '../runtime/events.ts';
import { createLog, type LogLevel } from '../runtime/observe/log.ts';
import { createObserve, type Observe } from './observe/observation.ts';
import { RequestMetrics } from './observe/request-metrics.ts';
import { createRequestCounter, type RequestCounter } from './observe/request-rates.ts';
import { createEventCounts, type EventCounts } from './observe/service-metrics.ts';

export interface AccessOptions {
  /** Default `DATASET.clients.json`, beside the dataset. */
  readonly clientsFile?: string;
  /**
   * Default `DATASET.quota.sqlite`, beside the dataset. Not used by a server that is given a meter.
   */
  readonly quotaFile?: string;
  /** Accepts unauthenticated clients, including remote ones. Default false. */
  readonly allowAnonymous?: boolean;
  /** Request lines are written at `debug`. Default `silent`. */
  readonly logLevel?: LogLevel;
  /**
   * Counts quotas together with other processes. Default: this process alone, with a ledger of its
   * own.
   */
  readonly meter?: QuotaMeter;
}

/** The server that the access belongs to. */
export interface AccessPlace {
  readonly folder: string;
  readonly host: string;
  readonly pollIntervalMs: number;
  readonly onEvent: OnEvent;
}

export interface Access {
  readonly admit: Admit;
  /** Whether requests without a client are refused, but for open routes. */
  requiresClient(): boolean;
  readonly observe: Observe;
  readonly requests: RequestMetrics;
  readonly rates: RequestCounter;
  readonly events: EventCounts;
  /** Counts an event and passes it on. */
  readonly onEvent: OnEvent;
  /** Looks for changed clients now. */
  reload(): void;
  /** Writes down what was used of daily quotas. */
  close(): void;
}

/**
 * @throws ServerError `CLIENTS_REQUIRED`
 * @throws StoreError if the list of clients or the quota book is invalid
 */
export function openAccess(options: AccessOptions, { folder, host, pollIntervalMs, ...place }: AccessPlace): Access {
  const events = createEventCounts();
  const onEvent: OnEvent = (event) => {
    events.count(event);
    place.onEvent(event);
  };
  const { clientsFile = clientFileFor(folder), quotaFile = quotaBookFor(folder) } = options;
  const { allowAnonymous = false, logLevel = 'silent' } = options;
  const clients = new ClientDirectory({ folder, file: clientsFile, host, allowAnonymous, pollIntervalMs, onEvent });
  const ledger = options.meter ? undefined : new QuotaLedger(() => openQuotaBook(quotaFile));
  try {
    if (clients.size > 0) ledger?.open();
  } catch (error) {
    clients.close();
    throw error;
  }
  const meter = options.meter ?? createLocalMeter(ledger as QuotaLedger);
  const requests = new RequestMetrics();
  const rates = createRequestCounter();
  const notice = createQuotaNotice(onEvent);
  const admit = createAdmit(clients, meter, {
    took: (client, cost) => requests.took(client?.name, cost),
    refused: (client, { violated }) => {
      requests.refused(client.name, violated);
      notice(client, violated);
    },
  });
  return {
    admit,
    requiresClient: () => clients.required,
    observe: createObserve(requests, rates, createLog(logLevel)),
    requests,
    rates,
    events,
    onEvent,
    reload: () => clients.reload(),
    close: () => {
      clients.close();
      if (!ledger) return;
      for (const returned of meter.returnAll()) ledger.giveBack(returned);
      ledger.close();
    },
  };
}

/** A single process has the ledger to itself: no lease is ever recalled. */
function createLocalMeter(ledger: QuotaLedger): QuotaMeter {
  const alone = { recall: async () => [] };
  return new QuotaMeter((request) => ledger.lease(alone, request));
}

/**
 * Reports a client's first refusal by a policy in each window: a client that keeps asking does not
 * fill the log.
 */
function createQuotaNotice(onEvent: OnEvent): (client: Client, violated: readonly QuotaPolicy[]) => void {
  const told = new Map<string, number>();
  return (client, violated) => {
    for (const policy of violated) {
      const window = windowOf(policy, Date.now());
      const place = `${client.id} ${policy}`;
      if (told.get(place) === window) continue;
      told.set(place, window);
      onEvent({ event: 'quota-exceeded', client: client.name, policy });
    }
  };
}
