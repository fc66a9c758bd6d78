// Publishing: merges all runs into one snapshot and makes it current. PROTOCOL.md §12.

import fs from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { SnapshotId } from '../../protocol/brands.ts';
import { INDEX_NAMES, type IndexName, RANGE_NAMES } from '../../protocol/bucket-id.ts';
import type { Head } from '../../protocol/signed/head.ts';
import { longestBody } from '../../protocol/snapshot/slots.ts';
import type { KeyedSuite } from '../../protocol/suite.ts';
import { knownAnswer } from '../../protocol/test-credentials.ts';
import { type Dataset, numberSources, PRIVATE_FOLDER, workFolder } from '../dataset.ts';
import { yieldToEventLoop } from '../event-loop.ts';
import { publishFile, writeFileAtomically } from '../files.ts';
import { assertClock, type DatedRuns, type ExpiringSource, splitExpired } from '../retention/expiry.ts';
import { planSuppression, type Suppression } from '../retention/retention.ts';
import { type PartSources, preparePartSource } from '../run/part-streams.ts';
import type { RunRemoval } from '../run/removal.ts';
import { openRuns, type Run } from '../run/run.ts';
import { type GroupOptions, writeGroups } from '../run/run-streams.ts';
import { type Asides, openAsides } from './asides.ts';
import { type Authority, delegatedKeys, publishingAuthority } from './authority.ts';
import { type CurrentBasis, openBasis } from './basis.ts';
import { assertNothingLost } from './compaction.ts';
import { factsPath, pruneSnapshots, writeCurrent } from './current.ts';
import { joinLayers, storedFacts } from './joined-facts.ts';
import { type LayerPlan, type PlanOptions, planAdded, planWhole } from './layer-plan.ts';
import { openLayer } from './layer-reader.ts';
import {
  LAYERED_FORMAT,
  type LayerFacts,
  type LayoutName,
  layersOf,
  layoutOf,
  type SnapshotFacts,
  type SourceFacts,
  type SuppressedFacts,
} from './layout/snapshot-facts.ts';
import { filterPath, snapshotFile, snapshotPath } from './layout/snapshot-files.ts';
import type { Publication, PublishOptions } from './publication.ts';
import { leavesOutNames, lowestSequence, nextSequence } from './sequence.ts';
import { type StatedFacts, type StatedSnapshot, writeStated } from './stated-facts.ts';
import { readHead, writeHead } from './statement-files.ts';
import { type Tables, writeTables } from './tables.ts';
import { planThreads } from './threads.ts';

export interface Published {
  readonly facts: SnapshotFacts;
  /** False if the current snapshot already has this content. */
  readonly changed: boolean;
  readonly head: Head;
  /** The snapshot that was current before, if there was one. */
  readonly replaced?: SnapshotId;
  /** That one must not be answered any more: a run that it contains is gone. */
  readonly withdrawn: boolean;
  /** A later one than that, which an earlier publish did not come to name in CURRENT. */
  readonly unnamed?: SnapshotId;
  /** Sources whose runs are here and that are left out. */
  readonly expired: readonly ExpiringSource[];
  /** Undefined if no name is suppressed. */
  readonly suppression?: Suppression;
}

const DEFAULT_KEEP = 2;

/**
 * Publishes all runs of a dataset, with a new head. The caller holds its lock.
 * @throws StoreError `RUN_CORRUPT`, `RUN_FOREIGN`, `SNAPSHOT_CORRUPT`, `STATEMENT_CORRUPT`,
 * `TOO_MANY_SOURCES`, `DELTA_REFUSED`,
 * `PUBLISHER_KEY_REQUIRED`, `PUBLISHER_KEY_MISMATCH`, `NAMES_REQUIRED`, `NAMES_MISSING`,
 * `RUN_UNSUPPRESSED`, `CLOCK_BEHIND`; the current snapshot remains
 */
export async function publish(dataset: Dataset, suite: KeyedSuite, options: PublishOptions = {}): Promise<Published> {
  const authority = publishingAuthority(dataset, suite, options.publisher);
  const { named, current, isTrusted } = await openBasis(dataset, suite.sealKey);
  const { live: runs, expired } = unexpiredRuns(dataset, current, options.now ?? Date.now());
  const suppressedBefore = current !== undefined && leavesOutNames(dataset, current);
  const suppression = planSuppression(dataset, runs, options.names, suppressedBefore);
  const numberOf = numberRuns(dataset, runs);
  const asides = openAsides(dataset);
  asides.clearFiles();
  const basis = { dataset, current, isTrusted, runs, numberOf, suppressed: suppression?.digest };
  const { delegate = [], withdraw = false, delta = false } = options;
  const plan = delta && !withdraw ? planAdded(basis) : planWhole(basis);
  const from = { ...basis, named, suite, authority, suppression, expired, asides, options };
  const mayRenew = isTrusted && delegate.length === 0 && !withdraw;
  if (mayRenew && current && isSame(current, plan, options)) return renew(current, from);
  fs.mkdirSync(workFolder(dataset), PRIVATE_FOLDER);
  try {
    return await publishPlan(plan, from).catch((error: unknown) => {
      if (!(error instanceof LayerTooLong)) throw error;
      asides.clearFiles();
      return publishPlan(planWhole(basis, current && layersOf(current.facts)), from);
    });
  } finally {
    // Who interrupts it may want to go on. A disk that is full gets its room back.
    if (options.signal?.aborted) asides.clearFiles();
    else asides.clear();
  }
}

/** What a publish goes by. */
interface PublishBasis extends PlanOptions, CurrentBasis {
  readonly suite: KeyedSuite;
  readonly authority: Authority;
  readonly suppression: Suppression | undefined;
  readonly expired: readonly ExpiringSource[];
  readonly asides: Asides;
  readonly options: PublishOptions;
}

/** Whether the current snapshot has these layers already, in the layout that is asked for. */
function isSame({ facts }: StatedSnapshot, { kept, runs, layer, prefixes }: LayerPlan, { layout }: PublishOptions) {
  const ids = [...kept.map((one) => one.layer), ...(runs.length > 0 || !prefixes ? [layer] : [])];
  const before = layersOf(facts);
  const isLaidOut = prefixes !== undefined || layout === undefined || layoutOf(before[0] as LayerFacts) === layout;
  return (
    isLaidOut &&
    isDeepStrictEqual(
      ids,
      before.map((one) => one.layer),
    )
  );
}

/** Nothing but a new head, and the name in CURRENT that the snapshot may lack. */
function renew(current: StatedSnapshot, from: PublishBasis): Published {
  const { dataset, named, authority, suppression, expired, asides, options } = from;
  const { name, facts, stated } = current;
  const head = writeHead(dataset, name, stated, authority.signer, options.headLifeMs, options.now);
  const changed = named?.name !== name;
  if (changed) writeCurrent(dataset, name);
  // The process that made it current may have been killed before pruning.
  asides.clear();
  pruneSnapshots(dataset, name, options.keep ?? DEFAULT_KEEP, named?.name);
  const replaced = changed ? describeReplaced(from, stated.statement.minSequence) : { withdrawn: false };
  return { facts, changed, head, ...replaced, expired, ...(suppression && { suppression }) };
}

/** @param minSequence of the statement that is current from now on */
function describeReplaced({ named, current }: PublishBasis, minSequence: number) {
  if (!named || !current) return { withdrawn: false };
  const unnamed = current.name === named.name ? {} : { unnamed: current.facts.snapshot };
  return { replaced: named.facts.snapshot, withdrawn: named.sequence < minSequence, ...unnamed };
}

async function publishPlan(plan: LayerPlan, from: PublishBasis): Promise<Published> {
  const { dataset, suite, authority, current, runs, numberOf, suppression, expired, options } = from;
  const { delegate = [], withdraw = false } = options;
  const sequence = nextSequence(dataset, current, suite.sealKey);
  const name = String(sequence).padStart(6, '0');
  // What is damaged must not take the place of a snapshot that may be whole.
  for (const layer of plan.kept) (await openLayer(dataset, layer)).close();
  const made = plan.runs.length > 0 || !plan.prefixes ? await writeLayer(name, plan, from) : undefined;
  const common = {
    ...describeFacts(dataset, suite),
    sources: runs.map((run) => sourceFacts(run, numberOf(run))).sort((a, b) => a.number - b.number),
    ...(suppression && { suppressed: suppressedFacts(suppression) }),
  };
  const unstated = joinFacts(common, [...plan.kept, ...(made ? [made] : [])]);
  const now = options.now ?? Date.now();
  const headKeys = delegatedKeys(dataset, current, delegate, now);
  const minSequence = lowestSequence(sequence, current, { ...from, withdraw });
  const { facts, head } = writeStated(dataset, name, unstated, {
    ...{ signer: authority.signer, sequence, minSequence, now },
    ...(headKeys && { headKeys }),
    ...(options.headLifeMs !== undefined && { headLifeMs: options.headLifeMs }),
  });
  writeFileAtomically(factsPath(dataset, name), `${JSON.stringify(storedFacts(facts), null, 2)}\n`);
  writeCurrent(dataset, name);
  pruneSnapshots(dataset, name, options.keep ?? DEFAULT_KEEP, from.named?.name);
  const replaced = describeReplaced(from, minSequence);
  return { facts, changed: true, head, ...replaced, expired, ...(suppression && { suppression }) };
}

/** Writes the files of a layer. */
async function writeLayer(name: string, plan: LayerPlan, from: PublishBasis): Promise<LayerFacts> {
  const { dataset, suite, authority, current, numberOf, suppression, asides, options } = from;
  const { runs, layer, prefixes, merged } = plan;
  const removed = (run: Run): RunRemoval | undefined => suppression?.of(run);
  const { threads, maxOpen } = planThreads(dataset, runs, options);
  const turn = (): Promise<void> => yieldToEventLoop(options.signal);
  const sources = await prepareSources(dataset, runs, { folder: asides.groups, turn, removed, maxOpen });
  const publication: Publication = {
    ...{ dataset, suite, authority, layer, prefixes, numberOf, runs, sources, threads, options, removed },
    layout: options.layout ?? layoutBefore(current, plan),
    assertWorth: (indexes) => assertWorth(indexes, plan),
  };
  const tables = await writeTables(asides, publication);
  publishFiles(dataset, name, asides, tables);
  const numbers = runs.map(numberOf).sort((a, b) => a - b);
  const made = { layer, name, ...tables, numbers };
  if (merged.length > 0) await assertNothingLost(dataset, merged, made, turn);
  return made;
}

/** Of what is written anew: of the base if all is, else of the layer that was added last. */
function layoutBefore(current: StatedSnapshot | undefined, { prefixes }: LayerPlan): LayoutName {
  const before = current ? layersOf(current.facts) : [];
  const like = prefixes === undefined ? before[0] : before.at(-1);
  return like ? layoutOf(like) : 'slots';
}

/** A layer with a bucket so long that it would lengthen every answer by more than the base's. */
class LayerTooLong extends Error {}

function assertWorth(indexes: LayerFacts['indexes'], { kept: [base] }: LayerPlan): void {
  const isLonger = (index: IndexName): boolean =>
    longestBody(indexes[index] ?? NO_BODY) > longestBody(base?.indexes[index] ?? NO_BODY);
  if (base && INDEX_NAMES.some(isLonger)) throw new LayerTooLong();
}

const NO_BODY = { bodyBytes: [] };

/** @param layers at least one */
function joinFacts(
  common: Omit<StatedFacts, 'indexes' | 'layer' | 'format'>,
  layers: readonly LayerFacts[],
): StatedFacts {
  const [only, ...added] = layers as readonly [LayerFacts, ...LayerFacts[]];
  if (added.length > 0) return joinLayers({ format: LAYERED_FORMAT, ...common }, layers);
  const { name: _, numbers: __, ...facts } = only;
  return { ...common, ...facts };
}

/** Runs that do not fit into memory are merged in groups first. */
async function prepareSources(
  { parameters: { indexes, ranges = [] } }: Dataset,
  runs: readonly Run[],
  groups: Required<Omit<GroupOptions, 'sections' | 'checksParts'>>,
): Promise<PartSources> {
  const all = [...indexes, ...ranges];
  const isGrouped = runs.length > groups.maxOpen;
  const written = isGrouped ? await writeGroups(runs, { ...groups, sections: all }) : [];
  const sections = isGrouped ? [] : all;
  return { runs: runs.map((run) => preparePartSource(run, sections, groups.removed(run))), groups: written };
}

/** A crash may have left files of another layout under this name. */
function publishFiles(dataset: Dataset, name: string, asides: Asides, { sqlite, files, filter }: Tables): void {
  const all: [aside: string, target: string, isWritten: boolean][] = [
    [asides.sqlite, snapshotPath(dataset, name), sqlite !== undefined],
    [asides.fileOf('parts'), snapshotFile(dataset, name, 'parts'), files !== undefined],
  ];
  for (const file of [...INDEX_NAMES, ...RANGE_NAMES])
    all.push([asides.fileOf(file), snapshotFile(dataset, name, file), files?.[file] !== undefined]);
  all.push([asides.filter, filterPath(dataset, name), filter !== undefined]);
  for (const [aside, target, isWritten] of all)
    if (isWritten) publishFile(aside, target);
    else fs.rmSync(target, { force: true });
}

function describeFacts({ id, parameters }: Dataset, suite: KeyedSuite) {
  const { suite: suiteName, normalization, usernameRules, keyId, similar } = parameters;
  return {
    dataset: id,
    suite: suiteName,
    keyId,
    normalization,
    ...(usernameRules && { usernameRules }),
    ...(similar && { similar }),
    ...(suite.publicKey ? { publicKey: Buffer.from(suite.publicKey).toString('hex') } : {}),
    canary: knownAnswer(suite),
  } as const;
}

/** @throws StoreError `TOO_MANY_SOURCES` */
function numberRuns(dataset: Dataset, runs: readonly Run[]): (run: Run) => number {
  const names = runs.map(({ facts }) => facts.source);
  const numbers = numberSources(dataset, names);
  return ({ facts }) => numbers.get(facts.source) as number;
}

/** @throws StoreError `CLOCK_BEHIND` */
function unexpiredRuns(dataset: Dataset, current: StatedSnapshot | undefined, now: number): DatedRuns {
  const runs = openRuns(dataset);
  if (current) assertClock(dataset, runs, now, lastSeen(dataset, current));
  return splitExpired(dataset, runs, now);
}

/** When the head of the current snapshot was issued. A publish replaces one that is corrupt. */
function lastSeen(dataset: Dataset, { name, stated }: StatedSnapshot): number {
  try {
    return Date.parse(readHead(dataset, name, stated).head.issuedAt);
  } catch {
    return Date.parse(stated.statement.publishedAt);
  }
}

const suppressedFacts = ({ names, records, kept, digest }: Suppression): SuppressedFacts => ({
  ...{ names, records, kept, digest },
});

function sourceFacts(run: Run, number: number): SourceFacts {
  const { source: name, date, credentials, sections } = run.facts;
  const records = sections.reduce((sum, section) => sum + section.records, 0);
  return { number, name, ...(date === undefined ? {} : { date }), credentials, records, sha256: run.sha256 };
}
