// What prom-client knows of a process of Node: event loop, memory, garbage collection. Watched from the first call on.

import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Metric } from './metric.ts';

let registry: Registry | undefined;

export async function collectProcess(): Promise<Metric[]> {
  if (!registry) {
    registry = new Registry();
    collectDefaultMetrics({ register: registry });
  }
  const metrics = await registry.getMetricsAsJSON();
  // Of several processes the slowest counts: an average would hide one that is stuck.
  return metrics.map((metric) =>
    metric.name.startsWith('nodejs_eventloop_lag') ? { ...metric, aggregator: 'max' } : metric,
  ) as Metric[];
}
