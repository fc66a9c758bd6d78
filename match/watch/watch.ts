// Compares the watch tags of accounts with the sources of a dataset: TAGS → opened → runs → rows.

import { hash } from 'node:crypto';
import type { CorpusInput } from '../../ingest/input/inputs.ts';
import type { RejectCounts } from '../../ingest/rejects.ts';
import { TAG_AND_SEED_BYTES } from '../../protocol/entry.ts';
import { EntryKind } from '../../protocol/private-input.ts';
import { dayOf } from '../../protocol/watch/watch-tag.ts';
import type { Dataset } from '../../store/dataset.ts';
import type { NameList } from '../../store/retention/name-list.ts';
import { planSuppression } from '../../store/retention/retention.ts';
import { KIND_AT, RECORD_BYTES, TAG_AT } from '../../store/run/record.ts';
import type { RunRemoval } from '../../store/run/removal.ts';
import type { Run } from '../../store/run/run.ts';
import { MatchError } from '../errors.ts';
import { openUsernameRuns, readAccounts } from '../names/username-runs.ts';
import { countReasons, describeCounts } from '../reasons.ts';
import type { MatchRow } from '../results.ts';
import { readUsers, type TableFormat } from '../users/read-users.ts';
import { EntryIndex } from './entry-index.ts';
import { type TagDataset, TagOpener } from './tag-opener.ts';
import { TagTable, type UnreadRow } from './tag-table.ts';
import type { WatchKey } from './watch-key.ts';
import { createFindings, type Remembered, readWatchState, type TagHit, writeWatchState } from './watch-state.ts';

export interface WatchRequest {
  readonly key: WatchKey;
  readonly dataset: Dataset;
  readonly tags: CorpusInput;
  /** Of TAGS. Default: recognised. */
  readonly format?: TableFormat;
  /** Tags of an earlier day are listed and not compared. */
  readonly expiresDays?: number;
  /** The file of the state. */
  readonly state: string;
  /** The list of the dataset; required if it suppresses names. */
  readonly names?: NameList;
  readonly signal?: AbortSignal;
  readonly onRun?: (run: Run, runs: number) => void;
}

export interface WatchRow extends MatchRow {
  /** Whether no earlier run of the same state has found it. */
  readonly isNew: boolean;
  /** Names account, password and source alike in every run, and tells nothing of them. */
  readonly finding: string;
}

export interface WatchFigures {
  /** Of TAGS, with an account. */
  readonly rows: number;
  readonly rejects: RejectCounts;
  /** With a tag that was compared. */
  readonly accounts: number;
  /** Tags in place of which their account has a later one. */
  readonly superseded: number;
  readonly sources: number;
  /** Of these, how many were read now. */
  readonly compared: number;
}

export interface WatchResult {
  readonly rows: readonly WatchRow[];
  /** Accounts about which the result says nothing, or not all. */
  readonly unchecked: readonly UnreadRow[];
  readonly figures: WatchFigures;
}

/** Other columns of TAGS are not read. */
const COLUMNS = { id: 'account', names: [], hash: 'tag' };

/**
 * A process that is killed leaves the state as it was, and the next one has the same result.
 * @param use takes the result: what was compared is remembered when it resolves
 * @throws MatchError `TAGS_UNREADABLE`, `AGAINST_EMPTY`, `STATE_CORRUPT`
 * @throws StoreError `RUN_CORRUPT`, `NAMES_REQUIRED`
 */
export async function openWatchTags(request: WatchRequest, use: (result: WatchResult) => Promise<void>): Promise<void> {
  const { key, dataset, state, signal } = request;
  const of = { dataset: dataset.id, keyId: dataset.parameters.keyId };
  const sources = openSources(dataset, request.names);
  const table = await readTags(request, of);
  const remembered = readWatchState(state, key, of, table);
  const found = compare(table, sources, remembered, request);
  const unchecked = table.unread();
  assertReadable(table, unchecked);
  signal?.throwIfAborted();
  await use({
    rows: rowsOf(table, sources, found.hits, remembered.findings),
    unchecked,
    figures: { ...figuresOf(table), sources: sources.length, compared: found.read },
  });
  const ids = sources.map(({ id }) => id);
  writeWatchState(state, key, of, table, ids, found.hits);
}

/** A source as it would be published now. */
interface Source {
  readonly run: Run;
  /** What suppressed names take out of it. */
  readonly removal: RunRemoval | undefined;
  /** SHA-256 of what is left, or of all that decides it. */
  readonly id: string;
}

/** The most recent leak first. @throws MatchError `AGAINST_EMPTY`; StoreError `NAMES_REQUIRED` */
function openSources(dataset: Dataset, names: NameList | undefined): Source[] {
  const runs = openUsernameRuns(dataset, 'Name the dataset of usernames that the publisher has, with its runs.');
  const suppression = planSuppression(dataset, runs, names, false);
  return runs.map((run) => {
    const removal = suppression?.of(run);
    const id = removal ? hash('sha256', `${run.sha256} ${suppression?.digest}`) : run.sha256;
    return { run, removal, id };
  });
}

async function readTags({ key, tags, format, expiresDays, signal }: WatchRequest, of: TagDataset): Promise<TagTable> {
  const today = dayOf(Date.now());
  const firstDay = expiresDays === undefined ? 0 : Math.max(0, today - expiresDays);
  const table = new TagTable(new TagOpener(key, of, today), firstDay);
  try {
    await readUsers(tags, { columns: COLUMNS, ...(format && { format }), ...(signal && { signal }) }, table);
  } catch (error) {
    if (!(error instanceof MatchError)) throw error;
    throw new MatchError(
      'TAGS_UNREADABLE',
      error.message.replace('the user table', 'TAGS'),
      'Pass CSV with the header account,tag, or JSON lines with these members.',
      { cause: error },
    );
  }
  return table;
}

interface Compared {
  /** Of current tags. */
  readonly hits: readonly TagHit[];
  /** Number of runs that were read. */
  readonly read: number;
}

function compare(
  table: TagTable,
  sources: readonly Source[],
  { isKnown, runs: knownRuns, hits }: Remembered,
  { key, signal, onRun }: WatchRequest,
): Compared {
  const there = new Set(sources.map(({ id }) => id));
  const all = hits.filter(({ tag, run }) => table.isCurrent(tag) && there.has(run));
  let hasNewTags = false;
  for (let tag = 0; tag < table.tags && !hasNewTags; tag++) hasNewTags = table.isCurrent(tag) && !isKnown(tag);
  const wanted = sources.filter(({ id }) => hasNewTags || !knownRuns.has(id));
  if (wanted.length === 0) return { hits: all, read: 0 };
  const index = new EntryIndex(table);
  const nameFinding = createFindings(key);
  for (const source of wanted) {
    const { run, id } = source;
    signal?.throwIfAborted();
    onRun?.(run, wanted.length);
    const isOld = knownRuns.has(id);
    for (const [tag, entry] of findIn(source, index)) {
      if (isOld && isKnown(tag)) continue;
      const finding = nameFinding(table.idOf(table.accountOf(tag)), entry, run.facts.source);
      all.push({ tag, run: id, finding });
    }
  }
  return { hits: all, read: wanted.length };
}

/** @throws StoreError `RUN_CORRUPT` */
function findIn({ run, removal }: Source, index: EntryIndex): [tag: number, entry: Buffer][] {
  const found: [number, Buffer][] = [];
  const look = (block: Uint8Array): void => {
    for (let at = 0; at < block.length; at += RECORD_BYTES)
      if (block[at + KIND_AT] === EntryKind.pair)
        index.find(block, at + TAG_AT, (tag) =>
          found.push([tag, Buffer.from(block.subarray(at + TAG_AT, at + TAG_AT + TAG_AND_SEED_BYTES))]),
        );
  };
  readAccounts(run, look, removal);
  return found;
}

/** Each account once, with its most recent source; in the order of sources, then of TAGS. */
function rowsOf(
  table: TagTable,
  sources: readonly Source[],
  hits: readonly TagHit[],
  before: ReadonlySet<string>,
): WatchRow[] {
  const places = new Map(sources.map(({ id }, place) => [id, place]));
  const best = new Map<number, { readonly place: number; readonly finding: string }>();
  for (const { tag, run, finding } of hits) {
    const account = table.accountOf(tag);
    const place = places.get(run) as number;
    if (place < (best.get(account)?.place ?? sources.length)) best.set(account, { place, finding });
  }
  return [...best]
    .sort(([a, { place: placeA }], [b, { place: placeB }]) => placeA - placeB || a - b)
    .map(([account, { place, finding }]) => {
      const { source, date = null } = (sources[place] as Source).run.facts;
      const isNew = !before.has(finding);
      return { account: table.idOf(account), source, date, match: 'exact', isNew, finding };
    });
}

function figuresOf(table: TagTable): Omit<WatchFigures, 'sources' | 'compared'> {
  const current = new Set<number>();
  let superseded = 0;
  for (let tag = 0; tag < table.tags; tag++)
    if (table.isCurrent(tag)) current.add(table.accountOf(tag));
    else if (!table.isExpired(tag)) superseded++;
  return { rows: table.rows, rejects: table.rejects, accounts: current.size, superseded };
}

/** What to do about tags that were not compared. */
export const NEXT_STEPS: { readonly [reason in UnreadRow['reason']]?: string } = {
  'other-watch-key': 'Pass the watch key whose public line the application had, with --key.',
  'other-dataset':
    'Name the dataset whose line the application pins. After a rotation accounts get new tags as they log in; until then, open these with the old dataset.',
  'other-key': 'Name the dataset whose line the application pins.',
  'altered-or-moved': 'Export account and tag from the same row: a tag opens for its account alone.',
  'future-day': 'Set the clock of the machine that made them; the next login replaces them.',
  expired: 'Delete the tags of accounts whose people have left.',
};

/** Tags of which none can be read must not look like ones of which none was found. */
function assertReadable(table: TagTable, unchecked: readonly UnreadRow[]): void {
  if (table.tags > 0) return;
  const counts = countReasons(
    unchecked.map(({ reason }) => reason),
    table.rejects,
  );
  const [worst] = Object.entries(counts).sort(([, a], [, b]) => b - a);
  throw new MatchError(
    'TAGS_UNREADABLE',
    `no tag of TAGS can be opened (${describeCounts(counts) || 'it has no rows'})`,
    NEXT_STEPS[worst?.[0] as UnreadRow['reason']] ?? 'Pass CSV with the header account,tag, or JSON lines.',
  );
}
