// Small pictures of a check: the bits of a hash, and the entries of a bucket as dots.

import type { BucketHash } from '../protocol/brands.ts';
import { make, makeSvg } from './dom.ts';

const HASH_BITS = 32;

/** All bits of a hash in a row, with the sent ones marked. */
export function drawBits(hash: BucketHash, sentBits: number): HTMLElement {
  const bits = hash.toString(2).padStart(HASH_BITS, '0');
  const label =
    sentBits === 0
      ? 'No bit is sent.'
      : `Sent: ${bits.slice(0, sentBits)}. Kept: the other ${HASH_BITS - sentBits} bits.`;
  const cells = Array.from(bits, (bit, i) => make('span', { class: i < sentBits ? 'goes' : undefined }, bit));
  return make('div', { class: 'bits', role: 'img', 'aria-label': label }, ...cells);
}

const COLUMNS = 72;
const DOT = 0.56;
const MAX_DOTS = 4_608;

/** One dot per entry; the entry found is larger. @param found its index, or -1 */
export function drawDots(entries: number, found: number): Element {
  const shown = Math.min(entries, MAX_DOTS);
  const columns = Math.max(24, Math.min(COLUMNS, Math.ceil(Math.sqrt(shown * 5))));
  const rows = Math.max(1, Math.ceil(shown / columns));
  const x = (place: number): number => (place % columns) + 0.5;
  const y = (place: number): number => Math.floor(place / columns) + 0.5;
  // A zero-length line with round caps is a dot, so thousands of dots are one element.
  const dots = Array.from({ length: shown }, (_, i) => `M${x(i)} ${y(i)}h0`).join('');
  const picture = makeSvg(
    'svg',
    { class: 'dots', viewBox: `0 0 ${columns} ${rows}`, 'aria-hidden': 'true' },
    makeSvg('path', { d: dots, 'stroke-width': DOT }),
  );
  if (found >= 0 && found < shown) picture.append(makeSvg('circle', { cx: x(found), cy: y(found), r: 0.5 }));
  return picture;
}
