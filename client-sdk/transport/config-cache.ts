// The config in force: fetched once for all checks, renewed when the snapshot is gone or the config has grown old.

import type { ServiceConfig } from '../../protocol/service-config.ts';
import { createDeadline, type Deadline } from './deadline.ts';

/** Fetching is shared, so no caller's deadline ends it: who has less time stops waiting, and the next one profits. */
export const CONFIG_TIMEOUT_MS = 5_000;

/** After a renewal in the background failed, as long passes before the next: the service is not asked at every check. */
const RENEWAL_PAUSE_MS = 1_000;

export interface ConfigCache {
  /** The config in force, or the first one. A failure is not kept: the next call tries again. */
  get(deadline: Deadline): Promise<ServiceConfig>;
  /** Another config than `stale`, if the service has one by now. */
  renew(stale: ServiceConfig, deadline: Deadline): Promise<ServiceConfig>;
}

/**
 * @param maxAgeMs after it, a use of the config renews it in the background. Without it, a client whose buckets all
 *   come out of a cache would never hear of a new snapshot.
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
      // The old config goes on if this fails: its buckets are still sealed, and a snapshot that is gone says so.
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
