// What was seen of the publications of one pinned line.

import type { KeyId } from '../../protocol/brands.ts';
import type { Authority } from './authority.ts';

/** It only grows: no member is ever lowered, no key ever dropped. */
export interface Seen {
  /** The highest so far. */
  readonly sequence: number;
  /** Of the newest head so far, in milliseconds since 1970. */
  readonly issuedAt: number;
  /** The keys that an evaluator was caught not to use. */
  readonly caught: readonly KeyId[];
}

/** Adds to what was seen. @returns all that was seen */
export type Learn = (more?: Partial<Seen>) => Seen;

/** What a history belongs to. */
export type OfPin = Pick<Authority, 'dataset'> & { readonly publisher?: Authority['publisher'] | null };
