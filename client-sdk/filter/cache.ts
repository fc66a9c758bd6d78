// The filter in force: fetched in the background, renewed by its version, and used only while it is known to be current.

import type { DatasetId, PrfOutput, SealKey } from '../../protocol/brands.ts';
import type { FilterHeader, PasswordFilter } from '../../protocol/password-filter.ts';
import type { Service } from '../api.ts';
import { LookupError, lookupFailure } from '../errors.ts';
import type { CheckerSettings, FilterSettings } from '../options.ts';
import { CONFIG_TIMEOUT_MS } from '../transport/config-cache.ts';
import { createDeadline, type Deadline } from '../transport/deadline.ts';
import { assembleFilter } from './assembly.ts';
import { createServiceSource } from './download.ts';

/** After a failure, or on word of a newer snapshot, it is tried again as soon as this; after more failures, later. */
const RETRY_MS = 5_000;
const MAX_RETRY_REFRESHES = 16;

/** What `loadFilter` tells of the filter. */
export interface PasswordFilterInfo {
  readonly snapshot: string;
  /** Passwords in it. */
  readonly entries: number;
  /** What it takes in memory. While a newer one comes in there are two. */
  readonly bytes: number;
}

export interface FilterCache {
  /**
   * The filter that may answer now. Never waits: where an update is due it begins in the background.
   * Undefined where none is there, or where it has not been known to be current for too long.
   * @param now that of `performance`, for who has it at hand
   */
  current(now?: number): PasswordFilter | undefined;
  /** Waits until there is one. @throws LookupError why there is none */
  load(deadline: Deadline): Promise<PasswordFilterInfo>;
}

const NO_FILTER: FilterCache = {
  current: () => undefined,
  load: async () => {
    throw new LookupError('OPTION_MALFORMED', 'option passwordFilter: it is off', 'Give passwordFilter: true.');
  },
};

/** @param known an output that every filter of the key must hold, where there is one */
export function createFilterCache(
  settings: CheckerSettings,
  service: Service,
  sealKey: SealKey,
  known?: () => PrfOutput,
): FilterCache {
  const { passwordFilter } = settings;
  return passwordFilter ? openFilterCache(settings, passwordFilter, service, sealKey, known) : NO_FILTER;
}

function openFilterCache(
  settings: CheckerSettings,
  { maxBytes, refreshMs, maxAgeMs, source: ownSource }: FilterSettings,
  service: Service,
  sealKey: SealKey,
  known: (() => PrfOutput) | undefined,
): FilterCache {
  const source = ownSource ?? createServiceSource(settings);
  let held: { readonly filter: PasswordFilter; readonly version: string } | undefined;
  let confirmedAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;
  let dueAt = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let pending: Promise<PasswordFilter> | undefined;

  const isOlder = ({ snapshot }: FilterHeader): boolean => sequenceOf(snapshot) < (service.known()?.sequence ?? 0);
  const isForeign = ({ dataset }: FilterHeader): boolean =>
    dataset !== (settings.dataset ?? service.known()?.dataset ?? (dataset as DatasetId));

  const assertWanted = (filter: FilterHeader): void => {
    if (isForeign(filter)) throw lookupFailure('DATASET_MISMATCH');
    if (isOlder(filter) || (held && sequenceOf(filter.snapshot) < sequenceOf(held.filter.snapshot)))
      throw lookupFailure('SNAPSHOT_OLDER');
  };

  const update = async (): Promise<PasswordFilter> => {
    // The sealed config says which dataset this is and which snapshot is current. From the service there is no filter
    // without it; one of the caller's own is better than none where the service is away.
    if (ownSource || !service.known()) {
      const config = service.fetchConfig(createDeadline(CONFIG_TIMEOUT_MS));
      const { filter } = ownSource ? ((await config.catch(() => undefined)) ?? {}) : await config;
      if (!ownSource && !filter) throw lookupFailure('FILTER_MISSING');
      if (filter && filter.bytes > maxBytes) throw lookupFailure('FILTER_TOO_LARGE');
    }
    const opened = await source.open(held?.version);
    if (opened) {
      const filter = await assembleFilter(opened.pieces, sealKey, maxBytes, assertWanted);
      if (known && !filter.mayHold(known())) throw lookupFailure('FILTER_MALFORMED', { detail: 'it lacks the canary' });
      held = { filter, version: opened.version };
    }
    if (!held) throw lookupFailure('FILTER_MISSING');
    // Others may have been heard of meanwhile.
    assertWanted(held.filter);
    return held.filter;
  };

  const refresh = (): Promise<PasswordFilter> => {
    if (pending) return pending;
    triedAt = performance.now();
    pending = update()
      .then(
        (filter) => {
          confirmedAt = performance.now();
          dueAt = confirmedAt + refreshMs;
          failures = 0;
          return filter;
        },
        (error) => {
          dueAt = performance.now() + Math.min(MAX_RETRY_REFRESHES * refreshMs, RETRY_MS * 2 ** failures++);
          throw asFailure(error);
        },
      )
      .finally(() => {
        pending = undefined;
      });
    return pending;
  };

  /** On word of a newer snapshot it is not waited until the next look is due. */
  const isSuperseded = (now: number): boolean =>
    held !== undefined && failures === 0 && now >= triedAt + RETRY_MS && isOlder(held.filter);

  const current = (now = performance.now()): PasswordFilter | undefined => {
    if (!pending && (now >= dueAt || isSuperseded(now))) refresh().catch(() => {});
    return held && now - confirmedAt <= maxAgeMs && !isForeign(held.filter) ? held.filter : undefined;
  };

  return {
    current,
    async load(deadline) {
      const { snapshot, entries, bytes } = current() ?? (await deadline.race(refresh));
      return { snapshot, entries, bytes };
    },
  };
}

function sequenceOf(snapshot: string): number {
  return Number.parseInt(snapshot, 10);
}

/** A source of the caller's own may fail in any way. */
function asFailure(cause: unknown): LookupError {
  return cause instanceof LookupError ? cause : lookupFailure('FILTER_UNREADABLE', { cause });
}
