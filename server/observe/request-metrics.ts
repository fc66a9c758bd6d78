// What the service counts: requests, what its clients used, and padding.

import type { Cost } from '../../access/quota/meter.ts';
import type { QuotaPolicy } from '../../access/quota/policy.ts';
import { counter, type Metric } from '../../runtime/observe/metric.ts';
import { RequestCounts } from '../../runtime/observe/request-counts.ts';

/**
 * Seconds. A bucket takes a fraction of a millisecond, an evaluation of 32 elements a few under
 * load.
 */
const BOUNDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
/** No client can have this name. */
const ANONYMOUS = '-';
const NO_ROUTE = 'none';

interface ClientCounts {
  requests: number;
  evaluations: number;
  readonly refused: Map<QuotaPolicy, number>;
}

/** Owns the counts of one process. */
export class RequestMetrics {
  readonly #routes = new RequestCounts({
    label: 'route',
    total: { name: 'credveil_requests_total', help: 'Requests by route and class of status.' },
    duration: {
      name: 'credveil_request_duration_seconds',
      help: 'Time from the end of the headers to the written response.',
    },
    bounds: BOUNDS,
  });
  readonly #clients = new Map<string, ClientCounts>();
  #paddingBytes = 0;

  /**
   * @param route its path in the table; undefined for a path that is not in it
   * @param status 0 without a response
   */
  observe(route: string | undefined, status: number, seconds: number): void {
    this.#routes.observe(route ?? NO_ROUTE, status, seconds);
  }

  /** Counts the cost of a client's request, with or without quotas. */
  took(client: string | undefined, { requests, evaluations }: Cost): void {
    const counts = this.#client(client);
    counts.requests += requests;
    counts.evaluations += evaluations;
  }

  refused(client: string, policies: readonly QuotaPolicy[]): void {
    const { refused } = this.#client(client);
    for (const policy of policies) refused.set(policy, (refused.get(policy) ?? 0) + 1);
  }

  readonly countPadding = (bytes: number): void => {
    this.#paddingBytes += bytes;
  };

  collect(): Metric[] {
    const clients = [...this.#clients].map(([client, counts]) => ({ client, ...counts }));
    return [
      ...this.#routes.collect(),
      counter(
        'credveil_client_requests_total',
        'Metered requests by client; - marks requests without a key.',
        clients.map(({ client, requests }) => ({ value: requests, labels: { client } })),
      ),
      counter(
        'credveil_evaluations_total',
        'Elements admitted for evaluation or proof, by client.',
        clients.map(({ client, evaluations }) => ({ value: evaluations, labels: { client } })),
      ),
      counter(
        'credveil_quota_refusals_total',
        'Requests refused by a quota, by client and policy.',
        clients.flatMap(({ client, refused }) =>
          [...refused].map(([policy, value]) => ({ value, labels: { client, policy } })),
        ),
      ),
      counter('credveil_padding_bytes_total', 'Padding bytes in the buckets sent.', [{ value: this.#paddingBytes }]),
    ];
  }

  #client(name = ANONYMOUS): ClientCounts {
    let counts = this.#clients.get(name);
    if (!counts) {
      counts = { requests: 0, evaluations: 0, refused: new Map() };
      this.#clients.set(name, counts);
    }
    return counts;
  }
}
