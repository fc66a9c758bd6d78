// Derives the credentials of a segment: the step that a worker and a dry run share.

import { RANGE_NAMES, type RangeName } from '../../protocol/bucket-id.ts';
import type { CorpusFormat, FormatOptions, LineRules } from '../formats/format.ts';
import { RejectCounter } from '../rejects.ts';
import type { SegmentFindings } from '../report/report.ts';
import { SignCounter } from '../report/signs.ts';
import { deriveCredentials } from './credential-batch.ts';
import type { Deriver } from './deriver.ts';
import { deriveLines } from './line-batch.ts';
import type { NameGuard } from './name-guard.ts';
import { PlantedSearch } from './planted-search.ts';

/** How the bytes of a segment are read. */
export interface SegmentFormat {
  /** Undefined if the segment is packed credentials. */
  readonly lines: LineRules | undefined;
  /** The range index that the hashes of the format are for, if it has hashes. */
  readonly hashes: RangeName | undefined;
}

/** A format as plain values, from which a worker makes it again. */
export interface TaskFormat extends Omit<SegmentFormat, 'lines'> {
  readonly name: string;
  readonly options: FormatOptions;
  readonly isLines: boolean;
}

export function taskFormat(format: CorpusFormat): TaskFormat {
  const { name, options } = format;
  const { lines, hashes } = segmentFormat(format);
  return { name, options, isLines: lines !== undefined, hashes };
}

export const segmentFormat = ({ feeds, lines }: CorpusFormat): SegmentFormat => ({
  lines,
  hashes: RANGE_NAMES.find((range) => feeds.length === 1 && feeds[0] === range),
});

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
  const search = guard?.hasPlanted ? new PlantedSearch(guard) : undefined;
  // Hashes are right to look like hashes.
  const observed = format.hashes ? undefined : signs;
  const read = format.lines
    ? deriveLines(bytes, format.lines, deriver, rejects, observed, (line) => search?.searchLine(line))
    : deriveCredentials(bytes, deriver, rejects, observed);
  deriver.flush();
  const { withheld = 0, planted = {} } = guard?.takeRejects(rejects) ?? {};
  return {
    credentials: read - withheld,
    ...{ rejects: rejects.byReason(), examples: rejects.examples(), signs: signs.counts() },
    ...(Object.keys(planted).length > 0 && { planted }),
  };
}
