// Sources of a password filter: the service, a file, or the caller's bytes.

import type { DatasetId, LayerId, PrfOutput } from '../protocol/brands.ts';

/**
 * A filter file opened for reading.
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises';
 * import type { OpenedFilter } from '@credveil/client';
 *
 * async function* whole(path: string) {
 *   yield await readFile(path);
 * }
 * const opened: OpenedFilter = { version: '1', pieces: whole('/var/lib/leaks/passwords.filter') };
 * ```
 */
export interface OpenedFilter {
  /** Changes with the filter. */
  readonly version: string;
  /** The file's bytes, in order. */
  readonly pieces: AsyncIterable<Uint8Array>;
}

/**
 * An origin of filters for the option `passwordFilter.source`, such as object storage.
 * @example
 * ```ts
 * import { createLeakChecker, type FilterSource } from '@credveil/client';
 *
 * const source: FilterSource = {
 *   async open(heldVersion) {
 *     const response = await fetch(`${url}/v1/filter/password`, {
 *       headers: heldVersion === undefined ? {} : { 'if-none-match': heldVersion },
 *     });
 *     if (response.status === 304) return undefined;
 *     if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
 *     return { version: response.headers.get('etag') ?? '', pieces: response.body };
 *   },
 * };
 * const leaks = createLeakChecker({ url, key, passwordFilter: { source } });
 * await leaks.loadFilter();
 * ```
 */
export interface FilterSource {
  /**
   * Opens the current filter.
   * @param heldVersion version of the filter that the checker holds, if any
   * @returns undefined if that is still the current one
   * @throws anything: `loadFilter` then rejects with `FILTER_UNREADABLE` and the error as its cause
   */
  open(heldVersion: string | undefined): Promise<OpenedFilter | undefined>;
}

/**
 * A filter in memory that its source has verified.
 * @example
 * ```ts
 * import { createBloomFilterSource } from '@credveil/client/bloom-filters';
 * import type { VerifiedFilter } from '@credveil/client';
 *
 * const opened = await createBloomFilterSource({ json, sha256 }).load(undefined);
 * const filter: VerifiedFilter | undefined = opened?.filter;
 * console.log(filter !== undefined && filter.entries > 0); // true
 * ```
 */
export interface VerifiedFilter {
  readonly dataset: DatasetId;
  readonly layer: LayerId;
  /** Number of passwords. */
  readonly entries: number;
  /** Size in memory. */
  readonly bytes: number;
  /** False: the password of this PRF output is certainly not in the index. */
  mayHold(output: PrfOutput): boolean;
}

/**
 * An origin of filters that verifies them itself, such as `createBloomFilterSource` of
 * `@credveil/client/bloom-filters`. The checker compares only dataset and layer.
 * @example
 * ```ts
 * import { createLeakChecker, type VerifiedFilterSource } from '@credveil/client';
 * import { createBloomFilterSource } from '@credveil/client/bloom-filters';
 *
 * const source: VerifiedFilterSource = createBloomFilterSource({ json, sha256 });
 * const leaks = createLeakChecker({ url, key, passwordFilter: { source } });
 * await leaks.loadFilter();
 * ```
 */
export interface VerifiedFilterSource {
  /**
   * @param heldVersion version of the filter that the checker holds, if any
   * @returns undefined if that is still the current one
   * @throws anything, as `FilterSource.open`
   */
  load(
    heldVersion: string | undefined,
  ): Promise<{ readonly version: string; readonly filter: VerifiedFilter } | undefined>;
}

/** A source whose filter never changes. */
export function createBytesSource(bytes: Uint8Array): FilterSource {
  const version = 'bytes';
  return {
    open: async (heldVersion) => (heldVersion === version ? undefined : { version, pieces: slices(bytes) }),
  };
}

const SLICE_BYTES = 2 ** 20;

async function* slices(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) yield bytes.subarray(at, at + SLICE_BYTES);
}
