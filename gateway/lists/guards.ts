// What a list may become at once: one that collapses or explodes was probably broken or poisoned.

import { CredveilError } from '../../protocol/errors.ts';
import type { ListSize } from './table/list-image.ts';

export type RefusedListCode = 'LIST_SHRANK' | 'LIST_GREW' | 'LIST_TOO_WIDE';

/** A list that was read and is kept back until somebody accepts it. */
export class RefusedListError extends CredveilError<RefusedListCode> {
  override name = 'RefusedListError';
}

const FACTOR = 10;
/** Below these a list may grow freely: one entry more is much for a list of one. */
const SMALL: ListSize = { entries: 100, addresses4: 2 ** 16, networks6: 2 ** 32 };
/** Half of IPv4, and half of the part of IPv6 in use. A list of a large country is smaller. */
const WIDE: Pick<ListSize, 'addresses4' | 'networks6'> = { addresses4: 2 ** 31, networks6: 2 ** 60 };

const NAMES: { readonly [what in keyof ListSize]: string } = {
  entries: 'entries',
  addresses4: 'addresses of IPv4',
  networks6: 'networks of IPv6',
};
const ALL = Object.keys(NAMES) as (keyof ListSize)[];

/**
 * @param before of the list in use; undefined for the first one
 * @param name of the list
 * @throws RefusedListError
 */
export function assertPlausible(before: ListSize | undefined, after: ListSize, name: string): void {
  if (after.addresses4 > WIDE.addresses4 || after.networks6 > WIDE.networks6)
    throw refused(name, 'LIST_TOO_WIDE', 'the list has more than half of all addresses');
  if (!before) return;
  const change = (what: keyof ListSize): string =>
    `the list went from ${before[what]} to ${after[what]} ${NAMES[what]}`;
  if (after.entries * FACTOR < before.entries) throw refused(name, 'LIST_SHRANK', change('entries'));
  for (const what of ALL)
    if (after[what] > FACTOR * Math.max(before[what], SMALL[what])) throw refused(name, 'LIST_GREW', change(what));
}

const refused = (name: string, code: RefusedListCode, message: string): RefusedListError =>
  new RefusedListError(
    code,
    message,
    `Look at the source by hand, then accept it: credveil gateway lists accept ${name} --config FILE. Until then it does not come into use.`,
  );
