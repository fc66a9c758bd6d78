// The progress bars of an ingest, one for each stage.

import type { IngestProgress, MergeProgress, ReadProgress } from '../ingest/options.ts';
import { type RejectCounts, splitRejects, sumRejects } from '../ingest/rejects.ts';
import { bytesFigure, ProgressBar, type ProgressState } from './progress.ts';
import { formatCount, formatCounted } from './units.ts';

export const reasonFigures = (rejects: RejectCounts): string =>
  Object.entries(rejects)
    .map(([reason, count]) => `${formatCount(count)} ${reason}`)
    .join(', ') || 'none';

/** What could not be read, and what is withheld for its name. */
export function describeRejects(rejects: RejectCounts): string[] {
  const { rejected, withheld } = splitRejects(rejects);
  return [
    `rejected: ${reasonFigures(rejected)}`,
    ...(sumRejects(withheld) > 0 ? [`withheld: ${reasonFigures(withheld)}`] : []),
  ];
}

function readState(
  bar: ProgressBar,
  source: string,
  { bytes, totalBytes, lines, rejects }: ReadProgress,
): ProgressState {
  return {
    label: `ingest ${source}`,
    done: bytes,
    total: totalBytes,
    figures: [
      bytesFigure(bytes, totalBytes),
      formatCounted(lines, 'line'),
      bar.rate(lines, 'lines'),
      // The most frequent reasons first, because a narrow terminal drops the last ones.
      `${formatCount(sumRejects(splitRejects(rejects.byReason()).rejected))} rejected`,
      ...Object.entries(rejects.byReason())
        .sort(([, a], [, b]) => b - a)
        .map(([reason, count]) => `${formatCount(count)} ${reason}`),
    ],
  };
}

function mergeState(bar: ProgressBar, source: string, { records, totalRecords }: MergeProgress): ProgressState {
  return {
    label: `merge ${source}`,
    done: records,
    total: totalRecords,
    figures: [formatCounted(Math.floor(records), 'record'), bar.rate(records, 'records')],
  };
}

/** The time spent in each stage of an ingest, in seconds. */
export interface IngestSeconds {
  /** Reading, parsing, deriving and sorting, which run concurrently. */
  readonly read: number;
  readonly merge: number;
}

export interface IngestBars {
  update(progress: IngestProgress): void;
  /** Ends the line of an unfinished bar. */
  abandon(): void;
  finish(): IngestSeconds;
}

export function createIngestBars(source: string): IngestBars {
  let bar = new ProgressBar();
  let reading: ReadProgress | undefined;
  let merging: MergeProgress | undefined;
  let read = 0;
  return {
    update(progress) {
      if (progress.stage === 'read') {
        reading = progress;
        bar.update(() => readState(bar, source, progress));
        return;
      }
      if (!merging) {
        if (reading) bar.finish(readState(bar, source, reading));
        read = bar.elapsedSeconds;
        bar = new ProgressBar();
      }
      merging = progress;
      bar.update(() => mergeState(bar, source, progress));
    },
    abandon: () => bar.abandon(),
    finish() {
      if (!merging) return { read: bar.elapsedSeconds, merge: 0 };
      bar.finish(mergeState(bar, source, merging));
      return { read, merge: bar.elapsedSeconds };
    },
  };
}
