// What a list may become at once: one that collapses or explodes was probably broken or poisoned.

import { CredveilError } from '../../protocol/errors.ts';
import type { ListSize } from './table/list-image.ts';

export type RefusedListCode = 'LIST_SHRANK' | 'LIST_GREW';

/** A list that was read and is kept back until somebody accepts it. */
export class RefusedListError extends CredveilError<RefusedListCode> {
  override name = 'RefusedListError';
}

const FACTOR = 10;
/** Below these a list may grow freely: one entry more is much for a list of one. */
const SMALL: ListSize = { entries: 100, addresses: 65_536 };

/** @throws RefusedListError */
export function assertPlausible(before: ListSize, after: ListSize): void {
  if (after.entries * FACTOR < before.entries) throw refused('LIST_SHRANK', before.entries, after.entries, 'entries');
  for (const what of ['entries', 'addresses'] as const)
    if (after[what] > FACTOR * Math.max(before[what], SMALL[what]))
      throw refused('LIST_GREW', before[what], after[what], what);
}

const refused = (code: RefusedListCode, before: number, after: number, what: string): RefusedListError =>
  new RefusedListError(
    code,
    `the list went from ${before} to ${after} ${what}`,
    'Look at the source by hand, then accept the list. Until then the previous one stays in use.',
  );
