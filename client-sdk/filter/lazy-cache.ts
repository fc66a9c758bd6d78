// The password filter of a checker: its code is loaded only where the option `passwordFilter` is
// set.

import { LookupError } from '../errors.ts';
import type { CheckerSettings } from '../options.ts';
import { createPart } from '../part.ts';
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
  const load = createPart(async () => {
    loaded = (await import('./cache.ts')).createFilterCache(settings, passwordFilter);
    return loaded;
  });
  const start = (): undefined => void load().catch(() => {});
  start();
  return {
    current: (snapshot, now) => (loaded ? loaded.current(snapshot, now) : start()),
    load: async (snapshot, deadline) => (await deadline.race(load)).load(snapshot, deadline),
  };
}
