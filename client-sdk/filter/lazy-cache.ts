// The password filter of a checker: its code is loaded only where the option `passwordFilter` is
// set.

import { LookupError } from '../errors.ts';
import type { CheckerSettings } from '../options.ts';
import type { FilterCache } from './filter-cache.ts';

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

export function loadFilterCache(settings: CheckerSettings): FilterCache {
  const { passwordFilter } = settings;
  if (!passwordFilter) return NO_FILTER;
  let loaded: FilterCache | undefined;
  const loading = import('./cache.ts').then(({ createFilterCache }) => {
    loaded = createFilterCache(settings, passwordFilter);
    return loaded;
  });
  // Awaiters get the rejection; this only silences the unhandled one.
  loading.catch(() => {});
  return {
    current: (snapshot, now) => loaded?.current(snapshot, now),
    load: async (snapshot, deadline) => (await deadline.race(() => loading)).load(snapshot, deadline),
  };
}
