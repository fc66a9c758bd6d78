// The runs of a dataset in which accounts are looked up.

import type { Dataset } from '../../store/dataset.ts';
import { splitExpired } from '../../store/retention/expiry.ts';
import { openRuns, type Run } from '../../store/run/run.ts';
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
