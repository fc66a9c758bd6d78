// The lookup of callers without the key, whose code is loaded only where one is created.

import { MAX_OPRF_INPUT_BYTES } from '../protocol/private-input.ts';
import type { Lookup } from './lookup.ts';
import type { CheckerSettings, OprfSettings } from './options.ts';
import { createPart } from './part.ts';
import type { Deadline } from './transport/deadline.ts';

export function loadObliviousLookup(settings: CheckerSettings, oprf: OprfSettings): Lookup {
  const load = createPart(async () => (await import('./oprf/lookup.ts')).createObliviousLookup(settings, oprf));
  load().catch(() => {});
  const loaded = (deadline: Deadline): Promise<Lookup> => deadline.race(load);
  return {
    maxInputBytes: MAX_OPRF_INPUT_BYTES,
    fetchSnapshot: async (deadline) => (await loaded(deadline)).fetchSnapshot(deadline),
    confirm: async (snapshot, deadline) => (await loaded(deadline)).confirm(snapshot, deadline),
    loadFilter: async (snapshot, deadline) => (await loaded(deadline)).loadFilter(snapshot, deadline),
    // The service has to evaluate the password first.
    isAbsent: () => false,
    ask: async (inquiries, snapshot, deadline) => (await loaded(deadline)).ask(inquiries, snapshot, deadline),
  };
}
