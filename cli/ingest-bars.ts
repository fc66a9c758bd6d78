// What a person sees of an ingest while it works: a bar for each stage.

import type { IngestProgress, MergeProgress, ReadProgress } from '../ingest/options.ts';
import { bytesFigure, ProgressBar, type ProgressState } from './progress.ts';
import { formatCount, formatCounted } from './units.ts';

export const reasonFigures = (rejects: { readonly [reason: string]: number }): string =>
  Object.entries(rejects)
    .map(([reason, count]) => `${formatCount(count)} ${reason}`)
    .join(', ') || 'none';

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
      // The most frequent reasons first: a narrow terminal shows those for which it has room.
      `${formatCount(rejects.total)} rejected`,
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

/** Where the time of an ingest went, in seconds. */
export interface IngestSeconds {
  /** Reading, parsing, deriving and sorting, which go on at once. */
  readonly read: number;
  readonly merge: number;
}

export interface IngestBars {
  update(progress: IngestProgress): void;
  /** Ends the line of the bar that stands there. */
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
