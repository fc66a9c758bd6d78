// The findings of a match as events.

import type { MatchResult } from '../../match/match.ts';
import type { NameRow } from '../../match/names/dataset-names.ts';
import type { WatchRow } from '../../match/watch/watch.ts';
import type { NewEvent } from '../../notify/events.ts';

/** An account that was reset, and whose new password leaked too, is a new finding. */
export const leakedEvents = ({ rows, stored }: Pick<MatchResult, 'rows' | 'stored'>): NewEvent[] =>
  rows.map(({ account, source, date, match }, at) => ({
    event: { type: 'account.leaked', account, source, leakedAt: date, finding: match },
    evidence: stored[at] as string,
  }));

export const namedEvents = (rows: readonly NameRow[]): NewEvent[] =>
  rows.map(({ account, source, date }) => ({ event: { type: 'account.named', account, source, leakedAt: date } }));

export const watchedEvents = (rows: readonly WatchRow[]): NewEvent[] =>
  rows.map(({ account, source, date, match, finding }) => ({
    event: { type: 'watch.found', account, source, leakedAt: date, finding: match },
    evidence: finding,
  }));
