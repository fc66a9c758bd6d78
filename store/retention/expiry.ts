// When sources expire: on the day in the facts of a run, unless the dataset has another for its
// source, in `retention/expiry.json`. An expired source is left out of what is published.
//
//   { "format": 1, "sources": { "<source>": "YYYY-MM-DD" or "never" } }

import fs from 'node:fs';
import path from 'node:path';
import { isName } from '../../protocol/ids.ts';
import { type Dataset, PRIVATE_FOLDER } from '../dataset.ts';
import { dayOf, isDay } from '../day.ts';
import { StoreError } from '../errors.ts';
import { PRIVATE_FILE, readJsonFile, writeFileAtomically } from '../files.ts';
import type { Run } from '../run/run.ts';
import { retentionFolder } from './name-file.ts';

/** A day, YYYY-MM-DD in UTC, from whose beginning on a source is left out; or none. */
export type Expiry = string | 'never';

export interface ExpiringSource {
  readonly source: string;
  readonly expires: string;
}

export interface DatedRuns {
  readonly live: readonly Run[];
  readonly expired: readonly ExpiringSource[];
}

const FORMAT = 1;
const MAX_FILE_BYTES = 16 << 20;

const expiryPath = (dataset: Dataset): string => path.join(retentionFolder(dataset), 'expiry.json');

/**
 * The days that the dataset has in place of those of the runs.
 * @throws StoreError `EXPIRY_CORRUPT`
 */
export function readExpiries(dataset: Dataset): ReadonlyMap<string, Expiry> {
  const file = expiryPath(dataset);
  const refuse = (why: string): StoreError =>
    new StoreError(
      'EXPIRY_CORRUPT',
      `${file}: ${why}`,
      'Restore it from a backup, or delete it and set --expires again.',
    );
  const json = readJsonFile(file, MAX_FILE_BYTES, refuse) as { format?: unknown; sources?: unknown } | null | undefined;
  if (json === undefined) return new Map();
  const { format, sources } = json ?? {};
  const isObject = typeof sources === 'object' && sources !== null && !Array.isArray(sources);
  const entries = isObject ? Object.entries(sources) : [];
  if (
    format !== FORMAT ||
    !isObject ||
    !entries.every(([name, day]) => isName(name) && (day === 'never' || isDay(day)))
  )
    throw refuse('a member is missing or malformed');
  return new Map(entries);
}

/** The caller holds the lock. @param expiry undefined: that of the run counts again */
export function setExpiry(dataset: Dataset, source: string, expiry: Expiry | undefined): void {
  const expiries = new Map(readExpiries(dataset));
  if (expiries.get(source) === expiry) return;
  if (expiry === undefined) expiries.delete(source);
  else expiries.set(source, expiry);
  fs.mkdirSync(retentionFolder(dataset), PRIVATE_FOLDER);
  const json = { format: FORMAT, sources: Object.fromEntries(expiries) };
  writeFileAtomically(expiryPath(dataset), `${JSON.stringify(json, null, 2)}\n`, PRIVATE_FILE);
}

/** The day on which the source of a run expires; undefined if it does not. */
export function expiryOf(expiries: ReadonlyMap<string, Expiry>, { facts }: Run): string | undefined {
  const day = expiries.get(facts.source) ?? facts.expires;
  return day === 'never' ? undefined : day;
}

export const isExpired = (day: string | undefined, now: number): boolean => day !== undefined && day <= dayOf(now);

/** The day on which each source expires, of those that do. */
export function listExpiries(dataset: Dataset, runs: readonly Run[]): ExpiringSource[] {
  const expiries = readExpiries(dataset);
  return runs.flatMap((run) => {
    const expires = expiryOf(expiries, run);
    return expires === undefined ? [] : [{ source: run.facts.source, expires }];
  });
}

/** @param now milliseconds since 1970 */
export function splitExpired(dataset: Dataset, runs: readonly Run[], now: number): DatedRuns {
  const expired = listExpiries(dataset, runs).filter(({ expires }) => isExpired(expires, now));
  const gone = new Set(expired.map(({ source }) => source));
  return { live: runs.filter(({ facts }) => !gone.has(facts.source)), expired };
}

/**
 * A clock that was set back would bring expired sources back.
 * @param seen a time that has passed: when the newest head was issued
 * @throws StoreError `CLOCK_BEHIND` if some source expired since
 */
export function assertClock(dataset: Dataset, runs: readonly Run[], now: number, seen: number): void {
  if (now >= seen) return;
  const expiring = listExpiries(dataset, runs);
  const doubtful = expiring.find(({ expires }) => isExpired(expires, seen) && !isExpired(expires, now));
  if (!doubtful) return;
  throw new StoreError(
    'CLOCK_BEHIND',
    `the clock of this machine (${dayOf(now)}) is behind the current snapshot (${dayOf(seen)}), and source ${doubtful.source} expired on ${doubtful.expires}`,
    'Set the clock. If the snapshot is the one that was published with a wrong clock, give the source another --expires with `credveil sources`.',
  );
}
