// Checks the records of a run by themselves: PROTOCOL.md §11.

import { readU32 } from '../../protocol/bytes.ts';
import { EntryKind } from '../../protocol/private-input.ts';
import { KIND_AT } from './record.ts';
import { SECTION_LAYOUTS, type SectionName } from './sections.ts';

/** The kinds of an index as a set of bits. */
function kindsOf(index: SectionName, similar: boolean): number {
  if (index === 'password') return 1 << EntryKind.password;
  return (1 << EntryKind.pair) | (1 << EntryKind.username) | (similar ? 1 << EntryKind.similar : 0);
}

/**
 * Checks the kind and the times of whole records.
 * @param similar whether the run has entries of similarity forms
 * @returns what is wrong with one of them
 */
export function findRecordFault(records: Uint8Array, index: SectionName, similar: boolean): string | undefined {
  const { recordBytes, timesAt, numbered: isKeyed } = SECTION_LAYOUTS[index];
  const kinds = kindsOf(index, similar);
  for (let at = 0; at < records.length; at += recordBytes) {
    if (readU32(records, at + timesAt) === 0) return 'a record that was never seen';
    if (!isKeyed) continue;
    const kind = records[at + KIND_AT] as number;
    // Beyond 31 a shift starts over.
    if (kind > EntryKind.similar || ((kinds >>> kind) & 1) === 0) return `a record of a kind that ${index} lacks`;
  }
  return undefined;
}
