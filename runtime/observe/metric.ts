// Metrics in prom-client's export format, built by hand: the hot path counts in plain numbers, and
// a scrape converts them.

import type { MetricObjectWithValues, MetricType, MetricValue } from 'prom-client';
import { loadOnce } from '../load-once.ts';

export type Metric = MetricObjectWithValues<MetricValue<string>>;
type Aggregation = 'sum' | 'max' | 'min';

export interface Sample {
  readonly value: number;
  readonly labels?: { readonly [label: string]: string };
}

function metric(type: 'counter' | 'gauge', name: string, help: string, samples: readonly Sample[], how: Aggregation) {
  // The names of prom-client's enum are its values' plain names; its types know the enum alone.
  const values = samples.map(({ value, labels = {} }) => ({ value, labels: { ...labels } }));
  return { name, help, type: type as unknown as MetricType, values, aggregator: how } as Metric;
}

/** Adds up over the processes. */
export const counter = (name: string, help: string, samples: readonly Sample[]): Metric =>
  metric('counter', name, help, samples, 'sum');

/** @param how aggregation over all processes */
export const gauge = (name: string, help: string, samples: readonly Sample[], how: Aggregation): Metric =>
  metric('gauge', name, help, samples, how);

export interface HistogramSeries {
  readonly labels: { readonly [label: string]: string };
  /** Observations in each bucket; the last bucket counts those above all bounds. */
  readonly counts: ArrayLike<number>;
  readonly sum: number;
}

/** @param bounds upper bounds of all buckets but the last, ascending */
export function histogram(
  name: string,
  help: string,
  bounds: readonly number[],
  series: readonly HistogramSeries[],
): Metric {
  const values = series.flatMap(({ labels, counts, sum }) => {
    let total = 0;
    const buckets = [...bounds, '+Inf'].map((bound, i) => {
      total += counts[i] ?? 0;
      return { value: total, labels: { le: String(bound), ...labels }, metricName: `${name}_bucket` };
    });
    return [
      ...buckets,
      { value: sum, labels, metricName: `${name}_sum` },
      { value: total, labels, metricName: `${name}_count` },
    ];
  });
  return { name, help, type: 'histogram' as unknown as MetricType, values, aggregator: 'sum' } as unknown as Metric;
}

/** A server without metrics never loads prom-client. */
const openRegistry = loadOnce(async () => {
  const { collectDefaultMetrics, Registry } = await import('prom-client');
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
});

export async function collectProcess(): Promise<Metric[]> {
  const registry = await openRegistry();
  const metrics = await registry.getMetricsAsJSON();
  // The maximum over all processes: an average would hide a stuck one.
  return metrics.map((metric) =>
    metric.name.startsWith('nodejs_eventloop_lag') ? { ...metric, aggregator: 'max' } : metric,
  ) as Metric[];
}
