// Verifies the spooled candidates on all cores: first each password itself, then its variants if
// they are asked for. Which candidates are tried does not depend on how threads finish.

import { ThreadPool } from '../../store/thread-pool.ts';
import { USUAL_VARIANTS } from '../candidates/variants.ts';
import type { Hit, PassName } from '../state/journal.ts';
import { readSpool, type SpooledCandidate } from '../state/spool.ts';
import type { MatchState } from '../state/state-folder.ts';
import type { HashKind, UserTable } from '../users/user-table.ts';
import type { VerifyItem, VerifyResult, VerifySettings, VerifyTask } from './verify-task.ts';

export interface VerifyOptions {
  readonly threads: number;
  readonly settings: VerifySettings;
  readonly similar: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: VerifyProgress) => void;
}

export interface VerifyProgress {
  readonly pass: PassName;
  /** Candidates that the pass has settled. */
  readonly candidates: number;
  readonly total: number;
  readonly found: number;
}

/** The first fit of each account, by pass. */
export interface Found {
  readonly exact: ReadonlyMap<number, Hit>;
  readonly similar: ReadonlyMap<number, Hit>;
  /** Accounts whose hash could not be computed. */
  readonly failed: ReadonlySet<number>;
}

/** Work between two lines of the journal, in seconds of a usual core. */
const TASK_SECONDS = 0.15;
/** Of a thread, so that it never waits for the main thread. */
const TASKS_HELD = 2;
const MAX_TASK_ITEMS = 2048;

/**
 * @param total candidates in the spool
 * @throws MatchError `STATE_CORRUPT`
 */
export async function verifyCandidates(
  users: UserTable,
  state: MatchState,
  total: number,
  options: VerifyOptions,
): Promise<Found> {
  const threads = new VerifyThreads(options);
  const failed = new Set<number>();
  const run = (pass: PassName, settled: ReadonlyMap<number, Hit>): Promise<Map<number, Hit>> =>
    runPass({ pass, users, state, total, options, threads, settled, failed });
  try {
    const exact = await run('exact', new Map());
    const similar = options.similar ? await run('similar', exact) : new Map<number, Hit>();
    return { exact, similar, failed };
  } finally {
    await threads.close();
  }
}

/** The threads of all passes. */
class VerifyThreads {
  readonly #pool: ThreadPool<VerifyTask, VerifyResult>;
  readonly #running = new Map<number, VerifyTask>();
  /** Takes the result of each task of the pass. */
  onResult: (result: VerifyResult, items: readonly VerifyItem[]) => void = () => {};

  constructor({ threads, settings }: VerifyOptions) {
    const take = (result: VerifyResult): void => {
      const { items } = this.#running.get(result.from) as VerifyTask;
      this.#running.delete(result.from);
      this.onResult(result, items);
    };
    const module = new URL('./verify-worker.ts', import.meta.url);
    this.#pool = new ThreadPool(threads, module, settings, take, TASKS_HELD);
  }

  submit(task: VerifyTask): Promise<void> {
    this.#running.set(task.from, task);
    return this.#pool.submit(task);
  }

  drain(): Promise<void> {
    return this.#pool.drain();
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

interface Pass {
  readonly pass: PassName;
  readonly users: UserTable;
  readonly state: MatchState;
  readonly total: number;
  readonly options: VerifyOptions;
  readonly threads: VerifyThreads;
  /** Accounts that need no more. */
  readonly settled: ReadonlyMap<number, Hit>;
  readonly failed: Set<number>;
}

async function runPass({ pass, users, state, total, options, threads, settled, failed }: Pass) {
  const { signal, onProgress } = options;
  const hits = new Map<number, Hit>();
  const done = new Ranges();
  const keep = (hit: Hit): void => {
    const before = hits.get(hit.account);
    if (!before || hit.sequence < before.sequence) hits.set(hit.account, hit);
  };
  for (const entry of state.earlier) {
    if (!('pass' in entry) || entry.pass !== pass) continue;
    done.add(entry.from, entry.to);
    for (const hit of entry.hits) keep(hit);
    for (const account of entry.failed ?? []) failed.add(account);
  }
  threads.onResult = ({ from, to, fits, failed: refused }, items) => {
    const found = fits.map((place) => hitOf(items[place] as VerifyItem));
    state.append({ pass, from, to, hits: found, ...(refused.length > 0 && { failed: refused }) });
    for (const account of refused) failed.add(account);
    for (const hit of found) keep(hit);
    onProgress?.({ pass, candidates: to, total, found: hits.size });
  };
  /** Lower sequences decide: a hit of a later candidate spares none before it. */
  const isSpared = ({ account, sequence }: SpooledCandidate): boolean =>
    settled.has(account) || done.has(sequence) || (hits.get(account)?.sequence ?? Number.POSITIVE_INFINITY) < sequence;
  for (const task of tasksOf(pass, users, readSpool(state.spoolFile, state.key, total), isSpared)) {
    signal?.throwIfAborted();
    await threads.submit(task);
  }
  await threads.drain();
  signal?.throwIfAborted();
  return hits;
}

const hitOf = ({ account, source, sequence }: VerifyItem): Hit => ({ account, source, sequence });

/** Cuts the candidates into tasks of about the same work. */
function* tasksOf(
  pass: PassName,
  users: UserTable,
  candidates: Iterable<SpooledCandidate>,
  isSpared: (candidate: SpooledCandidate) => boolean,
): Generator<VerifyTask> {
  let items: VerifyItem[] = [];
  let seconds = 0;
  let from = 0;
  let to = 0;
  for (const candidate of candidates) {
    to = candidate.sequence + 1;
    if (isSpared(candidate)) continue;
    const { sequence, account, source, password } = candidate;
    items.push({
      ...{ sequence, account, source },
      hash: users.hashOf(account),
      salt: users.saltOf(account),
      password: new Uint8Array(password),
    });
    seconds += (users.kinds[users.kindOf(account)] as HashKind).seconds * (pass === 'similar' ? USUAL_VARIANTS : 1);
    if (seconds < TASK_SECONDS && items.length < MAX_TASK_ITEMS) continue;
    yield { pass, from, to, items };
    items = [];
    seconds = 0;
    from = to;
  }
  if (items.length > 0) yield { pass, from, to, items };
}

/** Half-open ranges that are asked for in ascending order. */
class Ranges {
  readonly #ranges: (readonly [from: number, to: number])[] = [];
  #isSorted = true;
  #at = 0;

  add(from: number, to: number): void {
    this.#ranges.push([from, to]);
    this.#isSorted = false;
  }

  /** @param value not below that of the call before */
  has(value: number): boolean {
    if (!this.#isSorted) {
      this.#ranges.sort(([a], [b]) => a - b);
      this.#isSorted = true;
    }
    while (this.#at < this.#ranges.length && (this.#ranges[this.#at]?.[1] as number) <= value) this.#at++;
    const range = this.#ranges[this.#at];
    return range !== undefined && range[0] <= value;
  }
}
