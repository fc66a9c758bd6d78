// What the state of a service looks like in metrics: its snapshots, its connections, its events.

import type { ServerEvent } from '../../runtime/events.ts';
import { counter, gauge, type Metric } from '../../runtime/observe/metric.ts';
import { VERSION } from '../../runtime/version.ts';
import type { Service } from '../service.ts';

/** Counts events by their name. */
export interface EventCounts {
  count(event: ServerEvent): void;
  collect(): Metric[];
}

const COUNTED = {
  'snapshot-refused': ['credveil_snapshots_refused_total', 'New snapshots refused as broken.'],
  'head-refused': ['credveil_heads_refused_total', 'New heads refused as broken.'],
  'clients-refused': ['credveil_clients_refused_total', 'Changed lists of clients that were refused.'],
  'tls-refused': ['credveil_tls_refused_total', 'Changed TLS files that were refused.'],
  'request-failed': ['credveil_requests_failed_total', 'Requests that failed through a fault of the server.'],
  'worker-hung': ['credveil_workers_hung_total', 'Workers that did not answer for too long and were killed.'],
  'worker-exited': ['credveil_worker_restarts_total', 'Workers that died and were replaced.'],
} as const satisfies { readonly [event in ServerEvent['event']]?: readonly [name: string, help: string] };

type Counted = keyof typeof COUNTED;

export function createEventCounts(): EventCounts {
  const counts = new Map(Object.keys(COUNTED).map((event) => [event, 0]));
  return {
    count: ({ event }) => {
      const before = counts.get(event);
      if (before !== undefined) counts.set(event, before + 1);
    },
    collect: () =>
      [...counts].map(([event, value]) => {
        const [name, help] = COUNTED[event as Counted];
        return counter(name, help, [{ value }]);
      }),
  };
}

export function collectServices(services: readonly Service[], connections: number, nowMs: number): Metric[] {
  const of = (value: (service: Service) => number) =>
    services.map((service) => ({
      value: value(service),
      labels: { dataset: service.dataset.id as string },
    }));
  return [
    gauge('credveil_build_info', 'The running version.', [{ value: 1, labels: { version: VERSION } }], 'max'),
    gauge('credveil_connections', 'Open sockets.', [{ value: connections }], 'sum'),
    gauge(
      'credveil_snapshot_info',
      'The current snapshot.',
      services.map(({ dataset, snapshots }) => ({
        value: 1,
        labels: { dataset: dataset.id as string, snapshot: snapshots.current.id as string },
      })),
      'max',
    ),
    gauge(
      'credveil_snapshot_number',
      'Sequence number of the current snapshot; the minimum over all processes.',
      of(({ snapshots }) => Number.parseInt(snapshots.current.id, 10)),
      'min',
    ),
    gauge(
      'credveil_snapshot_age_seconds',
      'Time since the current snapshot was published.',
      of(({ snapshots }) => Math.max(0, (nowMs - snapshots.current.snapshot.publishedAt.getTime()) / 1000)),
      'max',
    ),
    gauge(
      'credveil_head_valid_seconds',
      'Time until the head of the current snapshot runs out, after which clients refuse it; negative since then.',
      of(({ snapshots }) => snapshots.current.head.validSeconds(nowMs)),
      'min',
    ),
    gauge(
      'credveil_snapshot_refused',
      '1 while a newer snapshot exists but is broken.',
      of(({ snapshots }) => (snapshots.refused ? 1 : 0)),
      'max',
    ),
    gauge(
      'credveil_snapshot_withdrawn',
      '1 while the dataset is not answered for: its snapshot is withdrawn, and the one that withdrew it is broken.',
      of(({ snapshots }) => (snapshots.isWithdrawn ? 1 : 0)),
      'max',
    ),
  ];
}
