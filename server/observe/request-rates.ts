// Request rates: how many requests of each class came in each slot of the last hour. It holds
// counts, and no part of a request.
//
// Slots begin at multiples of their length since 1970, so that the counts of several processes can
// be added.

import { REQUEST_CLASSES, type RequestClass, type RequestRates } from '../../protocol/service-status.ts';

/** Long enough that one login among others is not seen in it. */
export const SLOT_SECONDS = 10;
export const SLOTS = 360;
const SLOT_MS = 1_000 * SLOT_SECONDS;

export interface RequestCounter {
  /** @param rates the class of the route; undefined for a path that has none */
  count(rates: RequestClass | 'uncounted' | undefined, status: number): void;
  read(): RequestRates;
}

type Counts = { readonly [name in RequestClass]: Float64Array };

const emptyCounts = (): Counts => ({
  bucket: new Float64Array(SLOTS),
  evaluation: new Float64Array(SLOTS),
  range: new Float64Array(SLOTS),
  other: new Float64Array(SLOTS),
  refused: new Float64Array(SLOTS),
});

/** @param now milliseconds since 1970 */
export function createRequestCounter(now: () => number = Date.now): RequestCounter {
  const counts = emptyCounts();
  /**
   * The slot that is under way. It and the SLOTS - 1 before it are held, each at its number modulo
   * SLOTS.
   */
  let newest = Math.floor(now() / SLOT_MS);
  const started = newest;

  const advance = (): void => {
    const slot = Math.floor(now() / SLOT_MS);
    // If the clock moves back, counting stays in the newest slot.
    if (slot <= newest) return;
    for (let passed = Math.max(newest + 1, slot - SLOTS + 1); passed <= slot; passed++)
      for (const name of REQUEST_CLASSES) counts[name][passed % SLOTS] = 0;
    newest = slot;
  };

  return {
    count(rates = 'other', status) {
      if (rates === 'uncounted') return;
      advance();
      const slots = counts[status >= 400 ? 'refused' : rates];
      const at = newest % SLOTS;
      slots[at] = (slots[at] ?? 0) + 1;
    },

    read() {
      advance();
      const first = Math.max(started, newest - SLOTS + 1);
      const series = (name: RequestClass): number[] =>
        Array.from({ length: newest - first }, (_, i) => counts[name][(first + i) % SLOTS] ?? 0);
      return describeRates(newest, series);
    },
  };
}

/**
 * Adds the counts of several processes. Slots line up by when they were, from the first that any of
 * them has to the last that all of them have.
 * @throws RangeError for none
 */
export function addRates(all: readonly RequestRates[]): RequestRates {
  const endOf = ({ until }: RequestRates): number => Math.round(Date.parse(until) / SLOT_MS);
  const end = Math.min(...all.map(endOf));
  if (!Number.isFinite(end)) throw new RangeError('no rates to add');
  const start = Math.min(...all.map((rates) => endOf(rates) - rates.classes.other.length));
  return describeRates(end, (name) =>
    Array.from({ length: Math.max(0, end - start) }, (_, i) =>
      all.reduce((sum, rates) => {
        const slots = rates.classes[name];
        return sum + (slots[slots.length - (endOf(rates) - start) + i] ?? 0);
      }, 0),
    ),
  );
}

function describeRates(end: number, series: (name: RequestClass) => number[]): RequestRates {
  return {
    slotSeconds: SLOT_SECONDS,
    until: new Date(end * SLOT_MS).toISOString(),
    classes: {
      bucket: series('bucket'),
      evaluation: series('evaluation'),
      range: series('range'),
      other: series('other'),
      refused: series('refused'),
    },
  };
}
