// The option --expires, and what commands tell of sources that expire.

import fs from 'node:fs';
import { type Dataset, runsFolder } from '../../store/dataset.ts';
import { addDays, dayOf, isDay } from '../../store/day.ts';
import { type ExpiringSource, type Expiry, isExpired, splitExpired } from '../../store/retention/expiry.ts';
import { openRuns } from '../../store/run/run.ts';
import { UsageError } from '../exit.ts';
import { note } from '../output.ts';
import { shellWord } from '../printable.ts';

const MAX_DAYS = 36_500;

/** Parses a day, or a number of days from today on: 90d. @throws UsageError */
export function parseExpires(text: string): string {
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  if (days !== undefined && Number(days) <= MAX_DAYS) return addDays(Date.now(), Number(days));
  if (isDay(text)) return text;
  throw new UsageError(
    '--expires must be a day or a number of days',
    'Write it as --expires 2027-01-31 or --expires 90d. The source is left out from the beginning of that day, in UTC.',
  );
}

/** As `parseExpires`, and `never`. @throws UsageError */
export const parseExpiry = (text: string): Expiry => (text === 'never' ? text : parseExpires(text));

/** A corpus is not ingested to be left out. @throws UsageError */
export function assertAhead(expires: string | undefined): void {
  if (isExpired(expires, Date.now()))
    throw new UsageError(`--expires ${expires} has passed`, `Today is ${dayOf(Date.now())} in UTC. Name a later day.`);
}

/**
 * Warns on standard error of expired sources that the current snapshot still holds. A renewal does
 * not fail for runs that it cannot read.
 */
export function warnOfExpired(dataset: Dataset, published: readonly { readonly name: string }[]): void {
  // Where heads are renewed alone, there may be no runs.
  if (!fs.existsSync(runsFolder(dataset))) return;
  const names = new Set(published.map(({ name }) => name));
  let expired: readonly ExpiringSource[];
  try {
    ({ expired } = splitExpired(dataset, openRuns(dataset), Date.now()));
  } catch (error) {
    const { code = 'INTERNAL' } = error as { code?: string };
    note(
      `warning: ${code}: which sources have expired is not known\n  Run: credveil sources ${shellWord(dataset.folder)}`,
    );
    return;
  }
  for (const { source, expires } of expired)
    if (names.has(source))
      note(
        `warning: source ${source} expired on ${expires}, and the snapshot still holds it\n  Run: credveil publish ${shellWord(dataset.folder)}`,
      );
}

/** Of sources that a publish left out. */
export function describeExpired(expired: readonly ExpiringSource[], folder: string): string[] {
  if (expired.length === 0) return [];
  return [
    ...expired.map(({ source, expires }) => `expired: source ${source}, on ${expires}: left out`),
    `  by the clock of this machine, ${dayOf(Date.now())} UTC. Runs and archives of these sources are still here:`,
    ...expired.map(({ source }) => `  delete them with: credveil remove ${shellWord(folder)} ${source}`),
  ];
}
