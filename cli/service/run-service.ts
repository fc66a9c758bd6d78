// What commands that serve until a signal have in common: their metrics.

import { LOOPBACK, parseHostPort } from '../../runtime/config/host-port.ts';
import type { ListenSetting } from '../../runtime/errors.ts';
import type { OnEvent } from '../../runtime/events.ts';
import type { CloseOptions } from '../../runtime/http/sockets.ts';
import type { Metric } from '../../runtime/observe/metric.ts';
import { type MetricsListener, startMetricsListener } from '../../runtime/observe/metrics-listener.ts';

interface Service {
  metrics(): Promise<readonly (readonly Metric[])[]>;
  close(options: CloseOptions): Promise<void>;
}

/**
 * Undefined if metrics are off. A metrics listener that fails also stops the service.
 * @param address `:PORT` is of loopback: metrics are for the operator alone
 */
export async function startMetrics(
  address: string,
  service: Service,
  onEvent: OnEvent,
  setting: ListenSetting = '--metrics',
): Promise<MetricsListener | undefined> {
  if (address === 'off') return undefined;
  try {
    return await startMetricsListener(() => service.metrics(), {
      ...parseHostPort(address, LOOPBACK),
      onEvent,
      setting,
    });
  } catch (error) {
    await service.close({ deadlineMs: 0 });
    throw error;
  }
}
