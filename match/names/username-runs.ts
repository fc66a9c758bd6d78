// The runs of a dataset in which accounts are looked up.

import type { Dataset } from '../../store/dataset.ts';
import { splitExpired } from '../../store/retention/expiry.ts';
import { type RunRemoval, withoutRemoved } from '../../store/run/removal.ts';
import { openRuns, type Run } from '../../store/run/run.ts';
import { RunReader } from '../../store/run/run-reader.ts';
import { MatchError } from '../errors.ts';
import { recentFirst } from '../recent-first.ts';

/**
 * Those of sources that have not expired, the most recent leak first.
 * @param hint the way out
 * @throws MatchError `AGAINST_EMPTY`
 */
export function openUsernameRuns(dataset: Dataset, hint: string): Run[] {
  const { live } = splitExpired(dataset, openRuns(dataset), Date.now());
  if (!dataset.parameters.indexes.includes('account') || live.length === 0)
    throw new MatchError(
      'AGAINST_EMPTY',
      `dataset ${dataset.folder} has no ${live.length === 0 ? 'source' : 'account index'}`,
      hint,
    );
  return recentFirst(live, ({ facts: { date, source } }) => ({ date, name: source }));
}

/**
 * Reads the records of accounts of a whole run.
 * @param take gets blocks of whole records, in a buffer that the next call may reuse
 * @param removal what suppressed names take out of it
 * @throws StoreError `RUN_CORRUPT`
 */
export function readAccounts(run: Run, take: (block: Uint8Array) => void, removal?: RunRemoval): void {
  const reader = new RunReader(run);
  try {
    reader.beginSection('account');
    const whole = { number: 0, readBlock: () => reader.readBlock() };
    const { readBlock } = removal ? withoutRemoved(whole, removal) : whole;
    for (let block = readBlock(); block.length > 0; block = readBlock()) take(block);
    reader.finish();
  } finally {
    reader.close();
  }
}
