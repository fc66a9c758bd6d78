// The current filter: fetched in the background, renewed when its version changes, and used only as
// long as `maxAgeMs` allows.

import type { DatasetId, PrfOutput, SealKey, SnapshotId } from '../../protocol/brands.ts';
import type { FilterHeader, PasswordFilter } from '../../protocol/password-filter.ts';
import type { Service } from '../api.ts';
import { LookupError, lookupFailure } from '../errors.ts';
import type { CheckerSettings, FilterSettings } from '../options.ts';
import { CONFIG_TIMEOUT_MS } from '../transport/config-cache.ts';
import { createDeadline, type Deadline } from '../transport/deadline.ts';
import { assembleFilter } from './assembly.ts';
import { createServiceSource } from './download.ts';

/**
 * Minimum wait before the next update, after a failure or when a newer snapshot is announced. It
 * doubles with each further failure.
 */
const RETRY_MS = 5_000;
const MAX_RETRY_REFRESHES = 16;

/**
 * Facts of the filter in memory, from `loadFilter`.
 * @example
 * ```ts
 * import { createLeakChecker, type PasswordFilterInfo } from '@credveil/client';
 *
 * const leaks = createLeakChecker({ url, key, passwordFilter: true });
 * const info: PasswordFilterInfo = await leaks.loadFilter();
 * console.log(info.entries > 0 && info.bytes > 0); // true
 * ```
 */
export interface PasswordFilterInfo {
  /** Id of its snapshot. */
  readonly snapshot: string;
  /** Number of passwords. */
  readonly entries: number;
  /** Size in memory. While a newer filter arrives, both are in memory. */
  readonly bytes: number;
}

/** A filter with the snapshot that it was loaded for. */
export interface LoadedFilter extends PasswordFilter {
  readonly snapshot: SnapshotId;
}

export interface FilterCache {
  /**
   * The filter that may answer now. Never waits: an update that is due starts in the background.
   * Undefined if there is none, or if it was last known to be current more than `maxAgeMs` ago.
   * @param now from `performance.now()`, if the caller has it
   */
  current(now?: number): LoadedFilter | undefined;
  /** Waits for a filter. @throws LookupError with the reason if there is none */
  load(deadline: Deadline): Promise<PasswordFilterInfo>;
}

const NO_FILTER: FilterCache = {
  current: () => undefined,
  load: async () => {
    throw new LookupError(
      'OPTION_MALFORMED',
      'option passwordFilter: not set',
      'Pass passwordFilter: true to createLeakChecker.',
    );
  },
};

/** @param known computes an output that every filter of the key must contain, if the suite can */
export function createFilterCache(
  settings: CheckerSettings,
  service: Service,
  sealKey: SealKey,
  known?: () => PrfOutput,
): FilterCache {
  const { passwordFilter } = settings;
  if (!passwordFilter) return NO_FILTER;
  const held = createHeldFilter(settings, passwordFilter, service, sealKey, known);
  return createUpdatingCache(held, createSchedule(passwordFilter));
}

/** When to update the filter, and how long it may answer. Times are from `performance.now()`. */
interface Schedule {
  begin(): void;
  succeed(): void;
  fail(): void;
  isDue(now: number): boolean;
  /** Whether an update may start before it is due. */
  mayHurry(now: number): boolean;
  isTrusted(now: number): boolean;
}

function createSchedule({ refreshMs, maxAgeMs }: FilterSettings): Schedule {
  let confirmedAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;
  let dueAt = Number.NEGATIVE_INFINITY;
  let failures = 0;
  return {
    begin: () => {
      triedAt = performance.now();
    },
    succeed: () => {
      confirmedAt = performance.now();
      dueAt = confirmedAt + refreshMs;
      failures = 0;
    },
    fail: () => {
      dueAt = performance.now() + Math.min(MAX_RETRY_REFRESHES * refreshMs, RETRY_MS * 2 ** failures++);
    },
    isDue: (now) => now >= dueAt,
    mayHurry: (now) => failures === 0 && now >= triedAt + RETRY_MS,
    isTrusted: (now) => now - confirmedAt <= maxAgeMs,
  };
}

/** The filter in memory, and its replacement. */
interface HeldFilter {
  readonly filter: LoadedFilter | undefined;
  /**
   * Replaces the filter if its source has a newer version. @returns the current filter, verified
   */
  update(): Promise<LoadedFilter>;
  /** Whether the service has a newer snapshot. */
  isOlder(filter: FilterHeader): boolean;
  /** Whether the filter belongs to another dataset. */
  isForeign(filter: FilterHeader): boolean;
}

function createHeldFilter(
  settings: CheckerSettings,
  { maxBytes, source: ownSource }: FilterSettings,
  service: Service,
  sealKey: SealKey,
  known: (() => PrfOutput) | undefined,
): HeldFilter {
  const source = ownSource ?? createServiceSource(settings);
  let held: { readonly filter: LoadedFilter; readonly version: string } | undefined;

  const isOlder = ({ layer }: FilterHeader): boolean => layer !== (service.known()?.layer ?? layer);
  const isForeign = ({ dataset }: FilterHeader): boolean =>
    dataset !== (settings.dataset ?? service.known()?.dataset ?? (dataset as DatasetId));

  const assertWanted = (filter: FilterHeader): void => {
    if (isForeign(filter)) throw lookupFailure('DATASET_MISMATCH');
    if (isOlder(filter)) throw lookupFailure('SNAPSHOT_OLDER');
  };

  /** The sealed config names the dataset, its current layer and the size of its filter. */
  const consultConfig = async (): Promise<void> => {
    // A filter from the service needs the config. A filter from the caller's source does without,
    // so that it can answer during an outage.
    const config = service.fetchConfig(createDeadline(CONFIG_TIMEOUT_MS));
    const { filter } = ownSource ? ((await config.catch(() => undefined)) ?? {}) : await config;
    if (!ownSource && !filter) throw lookupFailure('FILTER_MISSING');
    if (filter && filter.bytes > maxBytes) throw lookupFailure('FILTER_TOO_LARGE');
  };

  return {
    get filter() {
      return held?.filter;
    },
    isOlder,
    isForeign,
    async update() {
      await consultConfig();
      const opened = await source.open(held?.version);
      if (opened) {
        const filter = await assembleFilter(opened.pieces, sealKey, maxBytes, assertWanted);
        if (known && !filter.mayHold(known()))
          throw lookupFailure('FILTER_MALFORMED', { detail: 'it lacks the canary' });
        const snapshot = service.known()?.snapshot ?? (filter.layer as string as SnapshotId);
        held = { filter: { ...filter, snapshot }, version: opened.version };
      }
      if (!held) throw lookupFailure('FILTER_MISSING');
      // A newer snapshot may have been announced in the meantime.
      assertWanted(held.filter);
      return held.filter;
    },
  };
}

function createUpdatingCache(held: HeldFilter, schedule: Schedule): FilterCache {
  let pending: Promise<LoadedFilter> | undefined;

  const refresh = (): Promise<LoadedFilter> => {
    if (pending) return pending;
    schedule.begin();
    pending = held
      .update()
      .then(
        (filter) => {
          schedule.succeed();
          return filter;
        },
        (error) => {
          schedule.fail();
          throw asFailure(error);
        },
      )
      .finally(() => {
        pending = undefined;
      });
    return pending;
  };

  /** Once the service has announced a newer snapshot, the update does not wait until it is due. */
  const isSuperseded = (filter: LoadedFilter | undefined, now: number): boolean =>
    filter !== undefined && schedule.mayHurry(now) && held.isOlder(filter);

  const current = (now = performance.now()): LoadedFilter | undefined => {
    const { filter } = held;
    if (!pending && (schedule.isDue(now) || isSuperseded(filter, now))) refresh().catch(() => {});
    return filter && schedule.isTrusted(now) && !held.isForeign(filter) ? filter : undefined;
  };

  return {
    current,
    async load(deadline) {
      const { snapshot, entries, bytes } = current() ?? (await deadline.race(refresh));
      return { snapshot, entries, bytes };
    },
  };
}

/** The caller's source may throw anything. */
function asFailure(cause: unknown): LookupError {
  return cause instanceof LookupError ? cause : lookupFailure('FILTER_UNREADABLE', { cause });
}
