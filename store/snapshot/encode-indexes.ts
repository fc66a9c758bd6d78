// Merges the runs into the buckets of all indexes, part by part: first to count what there is, if
// the runs' own counts leave a choice open, then to write. PROTOCOL.md §12.

import { INDEX_NAMES, type IndexName } from '../../protocol/bucket-id.ts';
import { filterRate } from '../dataset.ts';
import { StoreError } from '../errors.ts';
import type { PartBodies } from './layout/bodies-file.ts';
import { treeTop } from './layout/bucket-tails.ts';
import type { IndexFacts } from './layout/snapshot-facts.ts';
import { describeIndex } from './parts/bucket-tally.ts';
import { blocksOf, chooseBlocks, type WrittenFilterPart } from './parts/filter-writer.ts';
import type { Leftovers, PlannedCount } from './parts/leftovers.ts';
import { choosePartBits, fittingPartBits, idsOf, keysOf, listParts, type Part } from './parts/part.ts';
import type { PartRunner } from './parts/part-runner.ts';
import type { CheckTask, CountTask, EncodedPart, EncodeTask } from './parts/part-work.ts';
import type { Progress } from './progress.ts';
import { assertPrefixBits, boundCount, choosePrefixBits, countRecords, type Publication } from './publication.ts';

export interface EncodedIndex {
  readonly index: IndexName;
  readonly facts: IndexFacts;
  readonly bodies: readonly PartBodies[];
  readonly roots: Uint8Array;
  /** Of the index whose entries it has. */
  readonly filter?: { readonly blocks: number; readonly parts: readonly WrittenFilterPart[] };
}

type Counts = { readonly [name in IndexName]?: PlannedCount };

/**
 * Writes the bodies of all buckets, and the blocks of the filter, to files of their parts.
 * @throws StoreError `RUN_CORRUPT`
 */
export async function encodeIndexes(
  publication: Publication,
  runner: PartRunner,
  leftovers: Leftovers,
  progress: Progress,
): Promise<EncodedIndex[]> {
  const { layer, options, sources } = publication;
  const bits = partBits(publication);
  const basis = { program: options.program ?? '', layer, parts: bits };
  let counts: Counts | undefined = leftovers.takeUp(basis);
  if (!counts) {
    counts = await countIndexes(publication, runner, bits, progress);
    leftovers.keepPlan({ ...basis, counts });
  }
  const plans = Object.entries(counts).map(([index, count]) =>
    planIndex(publication, leftovers, index as IndexName, bits, count),
  );
  progress.begin('write', totalRecords(publication, INDEX_NAMES));
  const checks: CheckTask[] = sources.groups.length > 0 ? [] : sources.runs.map((_, run) => ({ kind: 'check', run }));
  const keep = ({ part }: EncodeTask, encoded: EncodedPart): void => leftovers.keepPart(part, layer, encoded);
  const encoded = await runner.run(
    plans.flatMap(({ tasks }) => tasks),
    keep,
    checks,
  );
  progress.end();
  let from = 0;
  return plans.map((plan) => {
    const parts = encoded.slice(from, from + plan.tasks.length);
    from += plan.tasks.length;
    return describe(publication, plan, parts);
  });
}

type PartBits = { readonly [name in IndexName]?: number };

function partBits(publication: Publication): PartBits {
  const bits: { [name in IndexName]?: number } = {};
  for (const index of publication.dataset.parameters.indexes)
    bits[index] = choosePartBits(countRecords(publication, index), publication.options.parts);
  return bits;
}

function totalRecords(publication: Publication, indexes: readonly IndexName[]): number {
  const counted = publication.dataset.parameters.indexes.filter((index) => indexes.includes(index));
  return counted.reduce((sum, index) => sum + countRecords(publication, index), 0);
}

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
  progress.begin(
    'count',
    totalRecords(
      publication,
      tasks.map(({ part }) => part.index),
    ),
  );
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
  { dataset, authority, layer }: Publication,
  leftovers: Leftovers,
  index: IndexName,
  bits: PartBits,
  count: PlannedCount,
): IndexPlan {
  const { parameters } = dataset;
  const prefixBits = choosePrefixBits(index, count.members, parameters);
  const oneIn = index === 'password' ? filterRate(parameters) : 0;
  const blocks = oneIn > 0 ? chooseBlocks(count.entries, oneIn) : 0;
  const parts = listParts(index, fittingPartBits(bits[index] ?? 0, prefixBits, authority.bucketKey === undefined));
  const tasks = parts.map((part): EncodeTask => {
    const filter = blocks > 0 && { filter: { file: leftovers.fileOf(part, 'blocks'), blocks } };
    const kept = leftovers.partOf(part, layer);
    return { kind: 'encode', part, prefixBits, bodiesFile: leftovers.fileOf(part, 'bodies'), ...filter, kept };
  });
  return { index, prefixBits, count, tasks };
}

/** Puts the parts of an index together. @throws StoreError `RUN_CORRUPT` */
function describe(publication: Publication, plan: IndexPlan, encoded: readonly EncodedPart[]): EncodedIndex {
  const { index, prefixBits, count, tasks } = plan;
  const { parameters } = publication.dataset;
  const { metadataBytes, similar = false } = parameters;
  const shape = { prefixBits, metadataBytes, similar: similar && index === 'account' };
  const counted = describeIndex(
    shape,
    encoded.map(({ tally }) => tally),
  );
  assertPrefixBits(index, counted, parameters);
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
    bodies: tasks.map(({ part, bodiesFile }) => bodiesOf(part, prefixBits, bodiesFile)),
    roots,
    ...(blocks !== undefined && { filter: { blocks, parts: filterParts(tasks, encoded) } }),
  };
}

function bodiesOf(part: Part, prefixBits: number, file: string): PartBodies {
  const { from, to } = idsOf(part, prefixBits);
  return { file, from, count: to - from };
}

const filterParts = (tasks: readonly EncodeTask[], encoded: readonly EncodedPart[]): WrittenFilterPart[] =>
  tasks.flatMap(({ part, filter }, place) =>
    filter
      ? [{ file: filter.file, range: blocksOf(keysOf(part), filter.blocks), entries: encoded[place]?.entries ?? 0 }]
      : [],
  );
