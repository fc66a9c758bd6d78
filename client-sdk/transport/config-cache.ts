// The current config: fetched once for all checks, renewed when stale or when its snapshot is gone.

import type { ServiceConfig } from '../../protocol/service-config.ts';
import { createDeadline, type Deadline } from './deadline.ts';

/**
 * Callers share one fetch, so no caller's deadline ends it. A caller whose time runs out stops
 * waiting, and the next caller gets the result.
 */
export const CONFIG_TIMEOUT_MS = 5_000;

/** Minimum pause between background renewals: a failing service is not asked at every check. */
const RENEWAL_PAUSE_MS = 1_000;

export interface ConfigCache {
  /** The current config; fetches the first one. A failure is not cached: the next call retries. */
  get(deadline: Deadline): Promise<ServiceConfig>;
  /** Fetches the config again, unless another caller has already replaced `stale`. */
  renew(stale: ServiceConfig, deadline: Deadline): Promise<ServiceConfig>;
}

/**
 * @param maxAgeMs at this age, using the config renews it in the background. Otherwise a client
 *   whose buckets all come from a cache would never learn of a new snapshot.
 */
export function createConfigCache(
  fetchConfig: (deadline: Deadline) => Promise<ServiceConfig>,
  maxAgeMs: number,
): ConfigCache {
  let current: ServiceConfig | undefined;
  let fetchedAt = 0;
  let renewedAt = 0;
  let pending: Promise<ServiceConfig> | undefined;

  const refresh = (): Promise<ServiceConfig> => {
    pending ??= fetchConfig(createDeadline(CONFIG_TIMEOUT_MS))
      .then((config) => {
        fetchedAt = performance.now();
        current = config;
        return config;
      })
      .finally(() => {
        pending = undefined;
      });
    return pending;
  };

  return {
    async get(deadline) {
      if (!current) return deadline.race(refresh);
      // If this fails, the old config stays in use: its buckets are still sealed, and the service
      // answers 410 once the snapshot is gone.
      const now = performance.now();
      if (now - fetchedAt >= maxAgeMs && now - renewedAt >= Math.min(maxAgeMs, RENEWAL_PAUSE_MS)) {
        renewedAt = now;
        refresh().catch(() => {});
      }
      return current;
    },
    async renew(stale, deadline) {
      return current && current.snapshot !== stale.snapshot ? current : deadline.race(refresh);
    },
  };
}
