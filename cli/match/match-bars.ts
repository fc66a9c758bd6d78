// The progress bars of a match: reading the sources, then verifying candidates.

import type { ScanProgress } from '../../match/candidates/scan.ts';
import type { VerifyProgress } from '../../match/verify/verify.ts';
import { bytesFigure, ProgressBar } from '../progress.ts';
import { formatCount, formatCounted } from '../units.ts';

export interface MatchBars {
  scan(progress: ScanProgress): void;
  verify(progress: VerifyProgress): void;
  /** Ends the line of an open bar. */
  end(): void;
}

export function createMatchBars(): MatchBars {
  const bar = new ProgressBar();
  return {
    scan: ({ bytes, totalBytes, pairs }) =>
      bar.update(() => ({
        label: 'read sources',
        done: bytes,
        total: totalBytes,
        figures: [bytesFigure(bytes, totalBytes), formatCounted(pairs, 'pair'), bar.rate(pairs, 'pairs')],
      })),
    verify: ({ pass, candidates, total, found }) =>
      bar.update(() => ({
        label: pass === 'exact' ? 'verify' : 'verify variants',
        done: candidates,
        total,
        figures: [`${formatCount(candidates)} of ${formatCounted(total, 'candidate')}`, `${formatCount(found)} found`],
      })),
    end: () => bar.abandon(),
  };
}
