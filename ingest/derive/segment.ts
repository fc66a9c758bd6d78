// Derives the credentials of a segment: the step that a worker and a dry run share.

import { RANGE_NAMES, type RangeName } from '../../protocol/bucket-id.ts';
import type { CorpusFormat, FormatOptions, LineRules } from '../formats/format.ts';
import { createLineRules } from '../line-registry.ts';
import { RejectCounter } from '../rejects.ts';
import type { SegmentFindings } from '../report/report.ts';
import { SignCounter } from '../report/signs.ts';
import { deriveCredentials } from './credential-batch.ts';
import type { Deriver } from './deriver.ts';
import { deriveLines } from './line-batch.ts';
import type { NameGuard } from './name-guard.ts';

/** How the bytes of a segment are read. */
export interface SegmentFormat {
  readonly name: string;
  readonly options: FormatOptions;
  /** Otherwise the segment is packed credentials. */
  readonly isLines: boolean;
  /** The range index that the hashes of the format are for, if it has hashes. */
  readonly hashes: RangeName | undefined;
}

export function segmentFormat({ name, options, feeds, lines }: CorpusFormat): SegmentFormat {
  const hashes = RANGE_NAMES.find((range) => feeds.length === 1 && feeds[0] === range);
  return { name, options, isLines: lines !== undefined, hashes };
}

/**
 * @param signSeed see SignCounter
 * @param guard of `deriver`, if it leaves out names
 */
export function deriveSegment(
  bytes: Uint8Array,
  format: SegmentFormat,
  deriver: Deriver,
  signSeed: number,
  guard?: NameGuard,
): SegmentFindings {
  const rejects = new RejectCounter();
  const signs = new SignCounter(signSeed);
  const rules = format.isLines ? rulesFor(format) : undefined;
  // Hashes are right to look like hashes.
  const observed = format.hashes ? undefined : signs;
  const read = rules
    ? deriveLines(bytes, rules, deriver, rejects, observed)
    : deriveCredentials(bytes, deriver, rejects, observed);
  deriver.flush();
  const { withheld = 0, planted = {} } = guard?.takeRejects(rejects) ?? {};
  return {
    credentials: read - withheld,
    ...{ rejects: rejects.byReason(), examples: rejects.examples(), signs: signs.counts() },
    ...(Object.keys(planted).length > 0 && { planted }),
  };
}

/** The rules of the line format that was used last. */
let last: { readonly format: string; readonly rules: LineRules } | undefined;

function rulesFor({ name, options }: SegmentFormat): LineRules {
  const format = JSON.stringify([name, options]);
  if (last?.format !== format) last = { format, rules: createLineRules(name, options) };
  return last.rules;
}
