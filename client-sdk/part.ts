// Parts of this package that are loaded at their first use, so that a caller downloads and compiles
// only what it needs.

import { LookupError, lookupFailure } from './errors.ts';

/**
 * Loads a part once. After a failure the next call tries again: a file of the bundle may have been
 * out of reach for a moment.
 * @returns a function that rejects with LookupError `MODULE_FAILED` if the part cannot be loaded
 */
export function createPart<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined;
  return () => {
    loading ??= load().catch((cause: unknown) => {
      loading = undefined;
      throw cause instanceof LookupError ? cause : lookupFailure('MODULE_FAILED', { cause });
    });
    return loading;
  };
}
