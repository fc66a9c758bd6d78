// The current config: fetched once for all checks, renewed when stale or when its snapshot is gone.

import type { ServiceConfig } from '../../protocol/service-config.ts';
import { createDeadline, type Deadline } from './deadline.ts';

/**
 * Callers share one fetch, so no caller's deadline ends it. A caller whose time runs out stops
 * waiting, and the next caller gets the result.
 */
export const CONFIG_TIMEOUT_MS = 5_000;

/** Minimum pause after a renewal that failed: a failing service is not asked at every check. */
const RENEWAL_PAUSE_MS = 1_000;
/** The part of its maximum age from which a config is renewed in the background. */
const BACKGROUND_FROM = 0.75;

export interface ConfigCache {
  /**
   * The current config. Waits for one if there is none, and for a newer one after idle. A failure is
   * not cached: the next call retries.
   */
  get(deadline: Deadline): Promise<ServiceConfig>;
  /** Fetches the config again, unless another caller has already replaced `stale`. */
  renew(stale: ServiceConfig, deadline: Deadline): Promise<ServiceConfig>;
}

export interface ConfigCacheOptions {
  /**
   * At this age, a check waits for a newer config. Otherwise a client whose buckets all come from a
   * cache would never learn of a new snapshot, and one with few checks would answer from the
   * snapshot of the previous check.
   */
  readonly maxAgeMs: number;
  /** Maximum wait for a newer config. After it, and if the renewal fails, the old one is used. */
  readonly maxWaitMs: number;
}

export function createConfigCache(
  fetchConfig: (deadline: Deadline) => Promise<ServiceConfig>,
  { maxAgeMs, maxWaitMs }: ConfigCacheOptions,
): ConfigCache {
  let held: ServiceConfig | undefined;
  let fetchedAt = 0;
  let triedAt = Number.NEGATIVE_INFINITY;
  let pending: Promise<ServiceConfig> | undefined;

  const refresh = (): Promise<ServiceConfig> => {
    if (pending) return pending;
    triedAt = performance.now();
    pending = fetchConfig(createDeadline(CONFIG_TIMEOUT_MS))
      .then((config) => {
        // Counted from the request: the answer was current at some time after it.
        fetchedAt = triedAt;
        held = config;
        return config;
      })
      .finally(() => {
        pending = undefined;
      });
    return pending;
  };

  const mayTry = (now: number): boolean => now - triedAt >= Math.min(maxAgeMs, RENEWAL_PAUSE_MS);

  /** The config that may be used without a wait. Starts a renewal in the background if it is due. */
  const current = (now: number): ServiceConfig | undefined => {
    const age = now - fetchedAt;
    if (age >= maxAgeMs) return pending || mayTry(now) ? undefined : held;
    if (age >= maxAgeMs * BACKGROUND_FROM && mayTry(now)) refresh().catch(() => {});
    return held;
  };

  return {
    async get(deadline) {
      const usable = held && current(performance.now());
      if (usable) return usable;
      const old = held;
      if (!old) return deadline.race(refresh);
      // If this fails, the old config stays in use: its buckets are still sealed, and the service
      // answers 410 once the snapshot is gone.
      return deadline.race(() => createDeadline(maxWaitMs).race(refresh)).catch(() => old);
    },
    async renew(stale, deadline) {
      return held && held.snapshot !== stale.snapshot ? held : deadline.race(refresh);
    },
  };
}
