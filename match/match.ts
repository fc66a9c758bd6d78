// Matches a leak against one's own users: sources → candidates → verified → accounts to reset.

import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import type { FoundAlarm } from '../ingest/report/report.ts';
import { CandidateCollector, type Collected, DEFAULT_MAX_CANDIDATES } from './candidates/collector.ts';
import { type Scanned, type ScanOptions, scanSources } from './candidates/scan.ts';
import type { MatchSource } from './candidates/sources.ts';
import { USUAL_VARIANTS } from './candidates/variants.ts';
import { MatchError } from './errors.ts';
import { type SourceEvidence, weighSources } from './evidence/weigh-sources.ts';
import { parseHash } from './hashes/parse-hash.ts';
import { isFault, type StoredHash } from './hashes/stored-hash.ts';
import { countReasons, describeCounts } from './reasons.ts';
import { type MatchRow, matchRows, type UncheckedRow, uncheckedRows } from './results.ts';
import { readSpool, SpoolWriter } from './state/spool.ts';
import { type JobDescription, MatchState } from './state/state-folder.ts';
import type { UserTable } from './users/user-table.ts';
import { type VerifyOptions, verifyCandidates } from './verify/verify.ts';
import { hashOptionsOf } from './verify/verify-task.ts';

export interface MatchRequest {
  readonly users: UserTable;
  readonly sources: readonly MatchSource[];
  readonly scan: ScanOptions;
  readonly maxCandidates?: number;
}

export interface MatchOptions extends MatchRequest {
  readonly verify: VerifyOptions;
  /** The folder of the state. */
  readonly state: string;
  /** Is called once, with what an earlier process left. */
  readonly onState?: (state: StateFound) => void;
  /** Absolute paths of the files that `use` writes. */
  readonly outputs?: readonly string[];
  /**
   * Throws if one of them must not be written. Is called before the work and before `use`.
   * @param started files that a killed process of this match was writing
   */
  readonly assertOutputs?: (started: readonly string[]) => void;
}

/** `other` is the state of other users, sources or options: it is discarded. */
export type StateFound = 'none' | 'resumed' | 'other';

export interface MatchFigures extends Pick<Collected, 'candidates' | 'duplicates' | 'tooLong'>, Scanned {
  /** Candidates of each kind of hashes. */
  readonly byKind: readonly { readonly kind: string; readonly candidates: number }[];
  /** Candidates of each source. */
  readonly bySource: readonly { readonly source: string; readonly candidates: number }[];
  /** Accounts with more candidates in a source than the bound, and how many were not tried. */
  readonly bounded: readonly { readonly account: string; readonly notTried: number }[];
  readonly accounts: number;
  /** More than accounts, where one has several hashes. */
  readonly userRows: number;
  /** Rows of the user table that are no accounts, by reason. */
  readonly userRejects: { readonly [reason: string]: number };
}

export interface MatchResult {
  readonly rows: readonly MatchRow[];
  /** Of each row, the stored hash and salt: another finding of the account has others. */
  readonly stored: readonly string[];
  readonly unchecked: readonly UncheckedRow[];
  readonly figures: MatchFigures;
  /** For each source, how likely it is a copy of the user table. */
  readonly evidence: readonly SourceEvidence[];
}

/**
 * A process that is killed leaves a state, from which the next one with the same users, sources
 * and options goes on to the same result.
 * @param use takes the result: the state is deleted when it resolves
 * @throws MatchError `USERS_EMPTY`, `USERS_UNVERIFIABLE`, `AGAINST_EMPTY`, `STATE_UNUSABLE`,
 * `STATE_BUSY`, `STATE_CORRUPT`
 * @throws IngestError, ContainerError, as an ingest does
 */
export async function matchUsers(options: MatchOptions, use: (result: MatchResult) => Promise<void>): Promise<void> {
  const { users, sources, onState, outputs = [], assertOutputs } = options;
  assertUsers(users);
  const state = MatchState.open(options.state, secretOf(options), describeJob(options));
  let isDone = false;
  try {
    onState?.(state.earlier.length > 0 ? 'resumed' : state.hasReplaced ? 'other' : 'none');
    const started = state.earlier.flatMap((entry) => ('outputs' in entry ? entry.outputs : []));
    assertOutputs?.(started);
    const scanned = await scanOnce(options, state);
    const found = await verifyCandidates(users, state, scanned.candidates, options.verify);
    const { rows, accounts } = matchRows(users, sources, found);
    const stored = accounts.map((account) => `${users.saltOf(account)}\n${users.hashOf(account)}`);
    const unchecked = uncheckedRows(users, sources, scanned, found);
    const evidence = weighSources(
      sources,
      users.accounts,
      readSpool(state.spoolFile, state.key, scanned.candidates),
      found.exact,
      (account) => users.changedMonthOf(account),
    );
    assertOutputs?.(started);
    state.append({ outputs });
    await use({ rows, stored, unchecked, evidence, figures: figuresOf(scanned, users, sources) });
    isDone = true;
  } finally {
    // Of a corpus that was refused nothing is worth keeping.
    if (isDone || state.isEmpty) state.discard();
    else state.close();
  }
}

/** A table of which nothing can be checked must not look like one in which nothing was found. */
function assertUsers(users: UserTable): void {
  const { accounts, faults, rejects } = users;
  if (accounts === 0)
    throw new MatchError(
      'USERS_EMPTY',
      `the user table has no accounts (${describeCounts(rejects) || 'it has no rows'})`,
      'Check the names in --columns, and that the export finished.',
    );
  if (faults.size < accounts) return;
  throw new MatchError(
    'USERS_UNVERIFIABLE',
    `no account has a hash to verify and a name (${describeCounts(countReasons(faults.values()))})`,
    'Check the names in --columns, or describe the hashes with --hash-format.',
  );
}

/** The same of sources. */
function assertPairs({ pairs, rejects }: Scanned): void {
  if (pairs > 0) return;
  throw new MatchError(
    'AGAINST_EMPTY',
    `no pair of a username and a password was read from the sources${Object.keys(rejects).length > 0 ? ` (${describeCounts(rejects)})` : ''}`,
    'Pass corpora with usernames; lists of passwords and hashes name nobody.',
  );
}

/** By name, where the collector counts by place. */
function figuresOf(
  { unverifiable: _, byKind, bySource, bounded, ...counts }: Collected & Scanned,
  users: UserTable,
  sources: readonly MatchSource[],
): MatchFigures {
  return {
    ...counts,
    byKind: users.kinds.map(({ kind }, place) => ({ kind, candidates: byKind[place] as number })),
    bySource: sources.map(({ name }, place) => ({ source: name, candidates: bySource[place] as number })),
    bounded: bounded.map(([account, notTried]) => ({ account: users.idOf(account), notTried })),
    ...{ accounts: users.distinct, userRows: users.accounts, userRejects: users.rejects },
  };
}

async function scanOnce(
  { users, sources, scan, maxCandidates }: MatchOptions,
  state: MatchState,
): Promise<Collected & Scanned> {
  const earlier = state.earlier.find((entry) => 'scanned' in entry);
  if (earlier) {
    scan.leftOut.restore(earlier.leftOut);
    return earlier.scanned as Collected & Scanned;
  }
  const spool = new SpoolWriter(state.spoolFile, state.key);
  const collector = new CandidateCollector(users, randomBytes(16), spool.add.bind(spool), maxCandidates);
  let scanned: Scanned;
  try {
    scanned = await scanSources(sources, users, collector, scan);
    assertPairs(scanned);
  } catch (error) {
    spool.abandon();
    throw error;
  }
  spool.finish();
  const result = { ...collector.finish(), ...scanned };
  state.append({ scanned: result, leftOut: scan.leftOut.groups });
  return result;
}

/** Known to whoever has the user table and the pepper. */
function secretOf({ users, verify }: MatchOptions): Buffer {
  const { pepper = new Uint8Array(0) } = verify.settings;
  return createHash('sha256').update(users.digest()).update(pepper).digest();
}

/** What a result depends on besides users and pepper. */
function describeJob({ sources, scan, verify, maxCandidates = DEFAULT_MAX_CANDIDATES }: MatchOptions): JobDescription {
  const { limits, description = null } = verify.settings;
  const files = sources.map(({ name, date = null, inputs }) => [
    name,
    date,
    inputs.map((input) => [
      input.name,
      input.bytes ?? null,
      input.encoding ?? null,
      input.path === undefined ? null : fs.statSync(input.path).mtimeMs,
    ]),
  ]);
  const { format, formatOptions = {}, skipUnrecognised = false, accept = [] } = scan;
  const reading = { format: format && [format.name, format.options], formatOptions, skipUnrecognised, accept };
  return { files, reading, limits, description, maxCandidates, similar: verify.similar };
}

export interface PlannedKind {
  readonly kind: string;
  readonly accounts: number;
  readonly candidates: number;
  /** Of one verification, as measured on this machine. */
  readonly seconds: number;
}

export interface MatchPlan {
  readonly figures: MatchFigures;
  readonly kinds: readonly PlannedKind[];
  readonly unchecked: readonly UncheckedRow[];
  /** The match is refused unless the operator accepts them. */
  readonly alarms: readonly FoundAlarm[];
  /** Of the verification on all threads. */
  readonly seconds: number;
}

/** Kinds whose speed is measured; that of the others is estimated from their cost. */
const MAX_MEASURED = 16;
const SLOW_SECONDS = 1;

/** Reads everything and verifies nothing, and writes no file. */
export async function planMatch({
  users,
  sources,
  scan,
  maxCandidates,
  verify,
}: Omit<MatchOptions, 'state'>): Promise<MatchPlan> {
  assertUsers(users);
  const collector = new CandidateCollector(users, randomBytes(16), () => {}, maxCandidates);
  const alarms: FoundAlarm[] = [];
  const scanned = await scanSources(sources, users, collector, {
    ...scan,
    onAlarms: (found) => alarms.push(...found),
  });
  assertPairs(scanned);
  const collected = collector.finish();
  const options = hashOptionsOf(verify.settings);
  const kinds = users.kinds.map(({ kind, accounts, seconds, example }, place): PlannedKind => {
    const candidates = collected.byKind[place] as number;
    if (place >= MAX_MEASURED || candidates === 0) return { kind, accounts, candidates, seconds };
    const parsed = parseHash(users.hashOf(example), users.saltOf(example), options);
    if (isFault(parsed)) return { kind, accounts, candidates, seconds };
    return { kind, accounts, candidates, seconds: measure(parsed) ?? seconds };
  });
  const work = kinds.reduce((sum, { candidates, seconds }) => sum + candidates * seconds, 0);
  const none = { exact: new Map(), similar: new Map(), failed: new Set<number>() };
  return {
    figures: figuresOf({ ...collected, ...scanned }, users, sources),
    kinds,
    unchecked: uncheckedRows(users, sources, collected, none),
    alarms,
    seconds: (work * (verify.similar ? 1 + USUAL_VARIANTS : 1)) / verify.threads,
  };
}

/** Of one verification. @returns undefined for a hash that the library refuses */
function measure(hash: StoredHash): number | undefined {
  try {
    // The first one loads its library.
    if (hash.seconds < SLOW_SECONDS) hash.verify(Buffer.from('warm up'));
    const started = performance.now();
    hash.verify(Buffer.from('a password to measure'));
    return (performance.now() - started) / 1000;
  } catch {
    return undefined;
  }
}
