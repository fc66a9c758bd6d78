// The sections of a run, and how records lie in them.

import { INDEX_NAMES, type IndexName, RANGE_NAMES, type RangeName } from '../../protocol/bucket-id.ts';
import { rangeLayout } from './range-record.ts';
import { RECORD_LAYOUT } from './record.ts';
import type { RecordLayout } from './record-layout.ts';

/** A section of a run holds the records of one index. */
export type SectionName = IndexName | RangeName;
/** The order of sections in a run. */
export const SECTION_NAMES: readonly SectionName[] = [...INDEX_NAMES, ...RANGE_NAMES];

export const SECTION_LAYOUTS: { readonly [name in SectionName]: RecordLayout } = {
  account: RECORD_LAYOUT,
  password: RECORD_LAYOUT,
  sha1: rangeLayout('sha1'),
  ntlm: rangeLayout('ntlm'),
};
