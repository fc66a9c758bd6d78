// The lookup of a caller who holds no key, loaded when a checker is made: a caller with a key loads nothing of it.

import type { Deadline } from './deadline.ts';
import { type Lookup, MAX_OPRF_INPUT_BYTES } from './lookup.ts';
import type { CheckerSettings, OprfSettings } from './options.ts';

export function loadObliviousLookup(settings: CheckerSettings, oprf: OprfSettings): Lookup {
  const loading = import('./oblivious-lookup.ts').then(({ createObliviousLookup }) =>
    createObliviousLookup(settings, oprf),
  );
  // Who waits for it gets the error; until then it is no unhandled one.
  loading.catch(() => {});
  const loaded = (deadline: Deadline): Promise<Lookup> => deadline.race(() => loading);
  return {
    maxInputBytes: MAX_OPRF_INPUT_BYTES,
    fetchConfig: async (deadline) => (await loaded(deadline)).fetchConfig(deadline),
    confirm: async (config, deadline) => (await loaded(deadline)).confirm(config, deadline),
    loadFilter: async (deadline) => (await loaded(deadline)).loadFilter(deadline),
    // The service has to evaluate first.
    absentIn: () => undefined,
    ask: async (inquiries, config, deadline) => (await loaded(deadline)).ask(inquiries, config, deadline),
  };
}
