// What a corpus must be to count as a mirror of Have I Been Pwned's ranges.

import { RANGE_NAMES, type RangeName } from '../protocol/bucket-id.ts';
import type { ReadCorpus } from './derive/read-corpus.ts';
import { IngestError } from './errors.ts';
import type { CorpusFormat } from './formats/format.ts';

/** The index that a mirror of texts in these formats feeds. @throws IngestError `MIRROR_FORMAT` */
export function mirroredIndex(formats: readonly CorpusFormat[]): RangeName {
  const [first] = formats;
  const index = RANGE_NAMES.find((name) => first?.feeds[0] === name);
  const other = formats.find(({ feeds }) => feeds.length !== 1 || feeds[0] !== index);
  if (index !== undefined && !other) return index;
  throw new IngestError(
    'MIRROR_FORMAT',
    `--mirror is for lists of hashes, and the format is ${(other ?? first)?.name ?? 'unknown'}`,
    'Leave --mirror out: it declares a mirror of all ranges of Have I Been Pwned.',
  );
}

/**
 * A damaged row of a list may be of any range. Of range files, whose names have the range, only
 * that range is a gap.
 * @throws IngestError `MIRROR_DAMAGED`
 */
export function assertMirrorReadable({ rejects, ranges }: ReadCorpus): void {
  const { blank = 0, padding = 0 } = rejects.byReason();
  const damaged = rejects.total - blank - padding - ranges.damaged;
  if (damaged === 0) return;
  throw new IngestError(
    'MIRROR_DAMAGED',
    `${damaged} ${damaged === 1 ? 'line is no hash' : 'lines are no hashes'}, and what they were of the mirror is lost`,
    'Download it again, or ingest it without --mirror: ranges that it lacks then answer as empty.',
  );
}
