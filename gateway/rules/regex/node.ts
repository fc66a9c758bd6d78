// Regular expressions as trees. Groups, laziness and captures do not change whether one matches.

import type { ByteSet } from './byte-set.ts';

export type RegexNode =
  | { readonly kind: 'set'; readonly set: ByteSet }
  | { readonly kind: 'sequence'; readonly items: readonly RegexNode[] }
  | { readonly kind: 'choice'; readonly items: readonly RegexNode[] }
  | { readonly kind: 'repeat'; readonly item: RegexNode; readonly min: number; readonly max: number }
  | { readonly kind: 'assert'; readonly place: Place };

/** Lines end before a line feed. Words are of ASCII letters, digits and `_`. */
export type Place = 'start' | 'end' | 'line start' | 'line end' | 'word boundary' | 'no word boundary';

export const EMPTY: RegexNode = { kind: 'sequence', items: [] };

/** Bounds of what one expression can cost: its parts, each counted as often as it is repeated. */
export const MAX_SIZE = 2_000;

/** At most Infinity. */
export function sizeOf(node: RegexNode): number {
  switch (node.kind) {
    case 'sequence':
    case 'choice':
      return node.items.reduce((sum, item) => sum + sizeOf(item), 1);
    case 'repeat':
      return 1 + sizeOf(node.item) * Math.max(1, Number.isFinite(node.max) ? node.max : node.min + 1);
    default:
      return 1;
  }
}

/** Whether it matches an empty text somewhere. */
export function isNullable(node: RegexNode): boolean {
  switch (node.kind) {
    case 'set':
      return false;
    case 'sequence':
      return node.items.every(isNullable);
    case 'choice':
      return node.items.some(isNullable);
    case 'repeat':
      return node.min === 0 || isNullable(node.item);
    case 'assert':
      return true;
  }
}
