// The filters of a checker: fetched in the background when the statement names another one, and
// used only as long as a head vouches for them.

import { LookupError, lookupFailure } from '../errors.ts';
import { createBytesSource, type VerifiedFilter, type VerifiedFilterSource } from '../filter-source.ts';
import { elapsedSince, type Moment, momentAt, NEVER } from '../moment.ts';
import type { CheckerSettings, FilterSettings } from '../options.ts';
import type { Snapshot } from '../publication/snapshot.ts';
import { assembleFilter, type WantedFilter } from './assembly.ts';
import { createServiceSource } from './download.ts';
import type { FilterCache } from './filter-cache.ts';

/** Wait before the next update after a failure. It doubles with each further failure. */
const RETRY_MS = 5_000;
const MAX_RETRY_REFRESHES = 16;

export function createFilterCache(settings: CheckerSettings, filter: FilterSettings): FilterCache {
  return createUpdatingCache(filter, createUpdate(settings, filter));
}

/** A verified filter, the digests by which statements name it, and the version of its source. */
interface Loaded {
  readonly filter: VerifiedFilter;
  readonly digests: string;
  readonly version: string;
  /** By digest: a layer may be part of the next snapshot too. */
  readonly parts?: ReadonlyMap<string, VerifiedFilter>;
}

/** Fetches the filter of a snapshot. Undefined if its source has none but the held version. */
type Update = (snapshot: Snapshot, held: Loaded | undefined) => Promise<Loaded | undefined>;

function createUpdate(settings: CheckerSettings, { maxBytes, source }: FilterSettings): Update {
  const ownSource = source instanceof Uint8Array ? createBytesSource(source) : source;
  return async (snapshot, held) => {
    const digests = digestsOf(snapshot);
    if (digests === undefined) throw lookupFailure('FILTER_MISSING');
    const wanted = snapshot.layers.map(({ filter }) => filter as WantedFilter);
    if (ownSource && wanted.length > 1)
      throw lookupFailure('FILTER_OTHER', { detail: 'the snapshot has several layers' });
    if (ownSource && 'load' in ownSource) {
      const loaded = await loadVerified(ownSource, snapshot, maxBytes, held?.version);
      return loaded && { ...loaded, digests };
    }
    if (wanted.reduce((sum, { bytes }) => sum + bytes, 0) > maxBytes) throw lookupFailure('FILTER_TOO_LARGE');
    const parts = new Map<string, VerifiedFilter>();
    let version = '';
    for (const { id, filter } of snapshot.layers) {
      const named = filter as WantedFilter;
      let part = held?.parts?.get(named.sha256);
      if (!part || ownSource) {
        const opened = await (ownSource ?? createServiceSource(settings, snapshot, id)).open(held?.version);
        if (!opened) return undefined;
        version = opened.version;
        part = await assembleFilter(opened.pieces, id, named);
      }
      parts.set(named.sha256, part);
    }
    return { filter: joinFilters([...parts.values()]), digests, version, parts };
  };
}

/** Of the filters of all layers; undefined if there are none. */
function digestsOf({ layers }: Snapshot): string | undefined {
  const digests = layers.map(({ filter }) => filter?.sha256);
  return digests.includes(undefined) ? undefined : digests.join();
}

/** That of one layer says nothing about the passwords of another one. @param parts at least one */
function joinFilters(parts: readonly VerifiedFilter[]): VerifiedFilter {
  const [first] = parts as readonly [VerifiedFilter];
  if (parts.length === 1) return first;
  return {
    ...{ dataset: first.dataset, layer: first.layer },
    entries: parts.reduce((sum, { entries }) => sum + entries, 0),
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    mayHold: (output) => parts.some((part) => part.mayHold(output)),
  };
}

/** A filter of the snapshot's layer has the same entries as the one that the statement names. */
async function loadVerified(
  source: VerifiedFilterSource,
  { dataset, layers: [{ id: layer }] }: Snapshot,
  maxBytes: number,
  heldVersion: string | undefined,
): Promise<Omit<Loaded, 'digests'> | undefined> {
  const loaded = await source.load(heldVersion);
  if (!loaded) return undefined;
  const { filter } = loaded;
  if (filter.dataset !== dataset || filter.layer !== layer) throw lookupFailure('FILTER_OTHER');
  if (filter.bytes > maxBytes) throw lookupFailure('FILTER_TOO_LARGE');
  return loaded;
}

function createUpdatingCache({ refreshMs, maxAgeMs, source: ownSource }: FilterSettings, update: Update): FilterCache {
  let held: Loaded | undefined;
  let pending: Promise<void> | undefined;
  let endedAt: Moment = NEVER;
  /** From then to the next update. */
  let pauseMs = 0;
  let failures = 0;

  const isNamedBy = (snapshot: Snapshot): boolean => held !== undefined && digestsOf(snapshot) === held.digests;

  const refresh = (snapshot: Snapshot): Promise<void> => {
    pending ??= update(snapshot, held)
      .then((loaded) => {
        if (!loaded && !isNamedBy(snapshot)) throw lookupFailure('FILTER_OTHER');
        held = loaded ?? held;
        pauseMs = refreshMs;
        failures = 0;
      })
      .catch((cause) => {
        pauseMs = Math.min(MAX_RETRY_REFRESHES * refreshMs, RETRY_MS * 2 ** failures++);
        throw asFailure(cause);
      })
      .finally(() => {
        pending = undefined;
        endedAt = momentAt();
      });
    return pending;
  };

  /**
   * The service has the filter of each snapshot that it serves; another source may be ahead, or
   * behind.
   */
  const isDue = (snapshot: Snapshot, now: number): boolean => {
    if (pending || (!ownSource && isNamedBy(snapshot))) return false;
    return elapsedSince(endedAt, now) >= pauseMs || (!ownSource && failures === 0);
  };

  const usable = (snapshot: Snapshot, now: number): VerifiedFilter | undefined =>
    isNamedBy(snapshot) && elapsedSince(snapshot.life.issuedAt, now) <= maxAgeMs ? held?.filter : undefined;

  return {
    current(snapshot, now = performance.now()) {
      if (isDue(snapshot, now)) refresh(snapshot).catch(() => {});
      return usable(snapshot, now);
    },
    async load(snapshot, deadline) {
      if (!isNamedBy(snapshot)) await deadline.race(() => refresh(snapshot));
      const filter = usable(snapshot, performance.now());
      if (!filter) throw lookupFailure('SNAPSHOT_STALE');
      return { snapshot: snapshot.snapshot, entries: filter.entries, bytes: filter.bytes };
    },
  };
}

/** The caller's source may throw anything. */
function asFailure(cause: unknown): LookupError {
  return cause instanceof LookupError ? cause : lookupFailure('FILTER_UNREADABLE', { cause });
}
