// A part of an index: successive buckets or ranges, and the records that go into them.

import { upperSiblings } from '../../../protocol/signed/merkle.ts';
import type { KeyRange } from '../../run/part-reader.ts';
import type { SectionName } from '../../run/sections.ts';

/** Part `number` of 2^`bits`. */
export interface Part<Name extends SectionName = SectionName> {
  readonly index: Name;
  readonly number: number;
  readonly bits: number;
}

/** The digests of runs tell parts of one byte apart. */
const MAX_PART_BITS = 8;
/** Records that make a part of their own: a fifth of a second's work. */
const PART_RECORDS = 2 ** 19;

/** @param parts wanted; by default as many as the records are worth */
export function choosePartBits(records: number, parts = records / PART_RECORDS): number {
  return Math.min(MAX_PART_BITS, Math.max(0, Math.ceil(Math.log2(Math.max(1, parts)))));
}

/** A part has whole buckets, and whole segments of a tree of signatures. */
export function fittingPartBits(bits: number, prefixBits: number, isSigned: boolean): number {
  return Math.min(bits, isSigned ? upperSiblings(prefixBits) : prefixBits);
}

export const listParts = <Name extends SectionName>(index: Name, bits: number): Part<Name>[] =>
  Array.from({ length: 2 ** bits }, (_, number) => ({ index, number, bits }));

/** The first bytes of its records' keys. */
export function keysOf({ number, bits }: Part): KeyRange {
  const keys = 2 ** (MAX_PART_BITS - bits);
  return { from: number * keys, to: (number + 1) * keys };
}

/** Its buckets or ranges, from `from` up to `to`. */
export function idsOf({ number, bits }: Part, prefixBits: number): { readonly from: number; readonly to: number } {
  const buckets = 2 ** (prefixBits - bits);
  return { from: number * buckets, to: (number + 1) * buckets };
}
