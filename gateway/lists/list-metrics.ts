// Lists as metrics, of the process that keeps them.

import { gauge, type Metric, type Sample } from '../../runtime/observe/metric.ts';
import type { ListStats } from './lists.ts';

export function listMetrics(stats: readonly ListStats[]): Metric[] {
  const each = (name: string, help: string, valueIn: (list: ListStats) => number | undefined): Metric =>
    gauge(
      `credveil_gateway_list_${name}`,
      help,
      stats.flatMap((list): Sample[] => {
        const value = valueIn(list);
        return value === undefined ? [] : [{ value, labels: { list: list.name } }];
      }),
      'max',
    );
  return [
    each('entries', 'Ranges or texts of a list, of the configuration and its source.', ({ entries }) => entries),
    each('observed', 'Addresses that rules put into a list.', ({ observed }) => observed),
    each('age_seconds', 'Since the source of a list confirmed it.', ({ ageMs }) =>
      ageMs === undefined ? undefined : ageMs / 1000,
    ),
    each('known', '0 where rules count a list as unknown.', ({ isKnown }) => Number(isKnown)),
    each('failing', '1 where the last attempt to read the source failed.', ({ lastError }) =>
      Number(lastError !== undefined),
    ),
    each('refused', '1 where a list waits to be accepted.', ({ isRefused }) => Number(isRefused)),
  ];
}
