// Merges the runs into the buckets and ranges of all indexes, part by part: first to count what
// there is, if the runs' own counts leave a choice open, then to write. PROTOCOL.md §12.

import type { LayerId } from '../../protocol/brands.ts';
import { type IndexName, RANGES, type RangeName } from '../../protocol/bucket-id.ts';
import { filterRate } from '../dataset-parameters.ts';
import { StoreError } from '../errors.ts';
import { formatRangeSet } from '../run/range-set.ts';
import type { SectionName } from '../run/sections.ts';
import type { PartBodies } from './layout/bodies-file.ts';
import { treeTop } from './layout/bucket-tails.ts';
import type { IndexFacts, RangeFacts } from './layout/snapshot-facts.ts';
import { describeIndex } from './parts/bucket-tally.ts';
import { blocksOf, chooseBlocks, type WrittenFilterPart } from './parts/filter-writer.ts';
import type { Leftovers, PartShape, PlannedCount } from './parts/leftovers.ts';
import { choosePartBits, fittingPartBits, idsOf, keysOf, listParts } from './parts/part.ts';
import type { PartRunner } from './parts/part-runner.ts';
import type {
  CheckTask,
  CountTask,
  EncodedPart,
  EncodedRanges,
  EncodeTask,
  RangesTask,
  ResultOf,
} from './parts/part-work.ts';
import { describeRanges } from './parts/range-gatherer.ts';
import type { Progress } from './progress.ts';
import { assertPrefixBits, boundCount, choosePrefixBits, countRecords, type Publication } from './publication.ts';
import { gapsOf } from './ranges/range-gaps.ts';

export interface EncodedIndex {
  readonly index: IndexName;
  readonly facts: IndexFacts;
  readonly bodies: readonly PartBodies[];
  readonly roots: Uint8Array;
  /** Of the index whose entries it has. */
  readonly filter?: { readonly blocks: number; readonly parts: readonly WrittenFilterPart[] };
}

export interface EncodedRange {
  readonly name: RangeName;
  readonly facts: RangeFacts;
  readonly bodies: readonly PartBodies[];
  /** RangeSet as text. */
  readonly gaps: string;
}

export interface Encoded {
  readonly indexes: readonly EncodedIndex[];
  readonly ranges: readonly EncodedRange[];
}

type Counts = { readonly [name in IndexName]?: PlannedCount };

/**
 * Writes all bodies, and the blocks of the filter, to files of their parts.
 * @throws StoreError `RUN_CORRUPT`
 */
export async function encodeParts(
  publication: Publication,
  runner: PartRunner,
  leftovers: Leftovers,
  progress: Progress,
): Promise<Encoded> {
  const { dataset, layer, options, sources } = publication;
  const { indexes, ranges = [] } = dataset.parameters;
  const bits = partBits(publication, [...indexes, ...ranges]);
  const basis = { program: options.program ?? '', layer, parts: bits };
  let counts: Counts | undefined = leftovers.takeUp(basis);
  if (!counts) {
    counts = await countIndexes(publication, runner, bits, progress);
    leftovers.keepPlan({ ...basis, counts });
  }
  const plans = Object.entries(counts).map(([index, count]) =>
    planIndex(publication, leftovers, index as IndexName, bits, count),
  );
  const rangeTasks = ranges.map((name) => planRanges(layer, leftovers, name, bits));
  const checks: CheckTask[] = sources.groups.length > 0 ? [] : sources.runs.map((_, run) => ({ kind: 'check', run }));
  const tasks = [...plans.flatMap((plan) => plan.tasks), ...rangeTasks.flat()];
  progress.begin('write', totalRecords(publication, [...indexes, ...ranges]), tasks.length);
  const onDone = (task: EncodeTask | RangesTask, result: ResultOf<EncodeTask | RangesTask>): void => {
    const { index } = task.part;
    // Keys are hashes: parts of an index are of about one length.
    const ofIndex = (): number => tasks.filter(({ part }) => part.index === index).length;
    if (result.isTakenUp) progress.takeUp(Math.floor(countRecords(publication, index) / ofIndex()));
    else leftovers.keepPart(shapeOf(task, layer), result);
  };
  const results = await runner.run(tasks, onDone, checks);
  progress.end();
  let from = 0;
  const take = <T extends EncodeTask | RangesTask>(some: readonly T[]): ResultOf<T>[] => {
    from += some.length;
    return results.slice(from - some.length, from) as ResultOf<T>[];
  };
  return {
    indexes: plans.map((plan) => describe(publication, plan, take(plan.tasks))),
    ranges: rangeTasks.map((some, place) => describeRange(publication, ranges[place] as RangeName, some, take(some))),
  };
}

type PartBits = { readonly [name in SectionName]?: number };

function partBits(publication: Publication, names: readonly SectionName[]): PartBits {
  const bits: { [name in SectionName]?: number } = {};
  for (const name of names) bits[name] = choosePartBits(countRecords(publication, name), publication.options.parts);
  return bits;
}

const totalRecords = (publication: Publication, names: readonly SectionName[]): number =>
  names.reduce((sum, name) => sum + countRecords(publication, name), 0);

async function countIndexes(
  publication: Publication,
  runner: PartRunner,
  bits: PartBits,
  progress: Progress,
): Promise<Counts> {
  const counts: { [name in IndexName]?: PlannedCount } = {};
  const tasks: CountTask[] = [];
  for (const index of publication.dataset.parameters.indexes) {
    const bound = boundCount(publication, index);
    counts[index] = bound ? { ...bound, isExact: false } : { entries: 0, members: 0, isExact: true };
    if (!bound) for (const part of listParts(index, bits[index] ?? 0)) tasks.push({ kind: 'count', part });
  }
  if (tasks.length === 0) return counts;
  progress.begin('count', totalRecords(publication, [...new Set(tasks.map(({ part }) => part.index))]));
  await runner.run(tasks, ({ part }, { entries, members }) => {
    const before = counts[part.index] as PlannedCount;
    counts[part.index] = { ...before, entries: before.entries + entries, members: before.members + members };
  });
  progress.end();
  return counts;
}

interface IndexPlan {
  readonly index: IndexName;
  readonly prefixBits: number;
  readonly count: PlannedCount;
  readonly tasks: readonly EncodeTask[];
}

function planIndex(
  { dataset, authority, layer, prefixes }: Publication,
  leftovers: Leftovers,
  index: IndexName,
  bits: PartBits,
  count: PlannedCount,
): IndexPlan {
  const { parameters } = dataset;
  const prefixBits = prefixes?.[index] ?? choosePrefixBits(index, count.members, parameters);
  const oneIn = index === 'password' ? filterRate(parameters) : 0;
  const blocks = oneIn > 0 ? chooseBlocks(count.entries, oneIn) : 0;
  const parts = listParts(index, fittingPartBits(bits[index] ?? 0, prefixBits, authority.bucketKey === undefined));
  const tasks = parts.map((part): EncodeTask => {
    const filter = blocks > 0 && { filter: { file: leftovers.fileOf(part, 'blocks'), blocks } };
    const task = { kind: 'encode' as const, part, prefixBits, bodiesFile: leftovers.fileOf(part, 'bodies'), ...filter };
    return { ...task, kept: leftovers.partOf<EncodeTask>(shapeOf(task, layer)) };
  });
  return { index, prefixBits, count, tasks };
}

/** Puts the parts of an index together. @throws StoreError `RUN_CORRUPT` */
function describe(publication: Publication, plan: IndexPlan, encoded: readonly EncodedPart[]): EncodedIndex {
  const { index, prefixBits, count, tasks } = plan;
  const { parameters } = publication.dataset;
  const { metadataBytes, similar = false } = parameters;
  const isAccount = index === 'account';
  const isAdded = publication.prefixes !== undefined;
  const shape = {
    ...{ prefixBits, metadataBytes, similar: similar && isAccount },
    ...{ hasUsernames: isAccount, hasOneLength: isAdded },
  };
  const counted = describeIndex(
    shape,
    encoded.map(({ tally }) => tally),
  );
  if (!isAdded) assertPrefixBits(index, counted, parameters);
  if (count.isExact && encoded.reduce((sum, part) => sum + part.entries, 0) !== count.entries)
    throw new StoreError(
      'RUN_CORRUPT',
      'a run changed while it was published',
      'Copy runs to the dataset only while nothing is published.',
    );
  const { root, roots } = treeTop(prefixBits, Buffer.concat(encoded.map((part) => Buffer.from(part.roots, 'hex'))));
  const blocks = tasks[0]?.filter?.blocks;
  return {
    index,
    facts: { ...counted, ...(root !== undefined && { root }) },
    bodies: partBodies(tasks, encoded, prefixBits),
    roots,
    ...(blocks !== undefined && { filter: { blocks, parts: filterParts(tasks, encoded) } }),
  };
}

const planRanges = (layer: LayerId, leftovers: Leftovers, name: RangeName, bits: PartBits): RangesTask[] =>
  listParts(name, bits[name] ?? 0).map((part) => ({
    ...{ kind: 'ranges', part, bodiesFile: leftovers.fileOf(part, 'bodies') },
    kept: leftovers.partOf<RangesTask>({ layer, part }),
  }));

const shapeOf = (task: EncodeTask | RangesTask, layer: LayerId): PartShape => ({
  ...{ layer, part: task.part },
  ...(task.kind === 'encode' && { prefixBits: task.prefixBits, blocks: task.filter?.blocks ?? 0 }),
});

function describeRange(
  { runs }: Publication,
  name: RangeName,
  tasks: readonly RangesTask[],
  encoded: readonly EncodedRanges[],
): EncodedRange {
  const gaps = gapsOf(runs, name);
  const tallies = encoded.map(({ tally }) => tally);
  return {
    name,
    facts: describeRanges(tallies, gaps.size),
    bodies: partBodies(tasks, encoded, Math.log2(RANGES)),
    gaps: formatRangeSet(gaps),
  };
}

const partBodies = (
  tasks: readonly (EncodeTask | RangesTask)[],
  encoded: readonly (EncodedPart | EncodedRanges)[],
  prefixBits: number,
): PartBodies[] =>
  tasks.map(({ part, bodiesFile: file }, place) => {
    const { from, to } = idsOf(part, prefixBits);
    const { sha256 } = (encoded[place] as EncodedPart | EncodedRanges).bodies;
    return { file, sha256, from, count: to - from };
  });

const filterParts = (tasks: readonly EncodeTask[], encoded: readonly EncodedPart[]): WrittenFilterPart[] =>
  tasks.flatMap(({ part, filter }, place) => {
    const { entries = 0, filter: written } = encoded[place] ?? {};
    if (!filter || !written) return [];
    return [{ file: filter.file, range: blocksOf(keysOf(part), filter.blocks), entries, sha256: written.sha256 }];
  });
