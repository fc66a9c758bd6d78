// The last step of ingest: merges all chunks into one run.

import { RANGES, type RangeName } from '../../protocol/bucket-id.ts';
import type { Dataset } from '../../store/dataset.ts';
import { yieldToEventLoop } from '../../store/event-loop.ts';
import { readRange } from '../../store/run/range-record.ts';
import { formatRangeSet, RangeSet } from '../../store/run/range-set.ts';
import { RunWriter } from '../../store/run/run.ts';
import type { MirrorFacts, NewRunFacts, RunFacts } from '../../store/run/run-facts.ts';
import { SECTION_LAYOUTS, SECTION_NAMES, type SectionName } from '../../store/run/sections.ts';
import type { Manifest } from '../manifest.ts';
import type { MemoryPlan } from '../memory-plan.ts';
import type { IngestOptions } from '../options.ts';
import { mergeChunks, reduceChunks } from './merge-chunks.ts';

/** A run that holds a mirror, whose gaps are the ranges without records. */
export interface MirrorOf {
  readonly index: RangeName;
  /** One list, whose last range may have been cut. */
  readonly isList: boolean;
  /** Adds what need not be read again. */
  readonly complete: (records: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;
}

/** Adds the ranges of ascending range records. */
function addRanges(present: RangeSet, records: Uint8Array, index: SectionName): void {
  const { recordBytes } = SECTION_LAYOUTS[index];
  for (let at = 0; at < records.length; at += recordBytes) present.add(readRange(records, at));
}

function describeMirror({ index, isList }: MirrorOf, present: RangeSet): MirrorFacts {
  const gaps = present.complement();
  const last = [...present.spans()].at(-1)?.[1];
  if (isList && last !== undefined && last < RANGES - 1) gaps.add(last);
  return { index, gaps: formatRangeSet(gaps) };
}

/**
 * Writes and publishes the run. A failure leaves only its chunks.
 * @param feeds the indexes that the corpus feeds
 */
export async function writeRun(
  dataset: Dataset,
  manifest: Manifest,
  plan: MemoryPlan,
  { signal, onProgress }: Pick<IngestOptions, 'signal' | 'onProgress'>,
  feeds: readonly SectionName[],
  facts: NewRunFacts,
  mirror?: MirrorOf,
): Promise<RunFacts> {
  const sections = SECTION_NAMES.filter((name) => feeds.includes(name));
  const countRecords = (index: SectionName): number =>
    manifest.chunks(index).reduce((sum, { bytes }) => sum + bytes / SECTION_LAYOUTS[index].recordBytes, 0);
  // Counted before equal keys are merged: an upper bound.
  const totalRecords = sections.reduce((sum, index) => sum + countRecords(index), 0);
  let records = 0;
  onProgress?.({ stage: 'merge', records, totalRecords });
  for (const index of sections) await reduceChunks(manifest, index, plan, signal);
  const present = new RangeSet();
  const writer = new RunWriter(dataset, facts.source);
  try {
    for (const index of sections) {
      writer.beginSection(index);
      const merged = mergeChunks(manifest.folder, index, manifest.chunks(index), plan);
      for await (const block of mirror?.index === index ? mirror.complete(merged) : merged) {
        writer.append(block);
        if (mirror?.index === index) addRanges(present, block, index);
        records += block.length / SECTION_LAYOUTS[index].recordBytes;
        onProgress?.({ stage: 'merge', records, totalRecords });
        await yieldToEventLoop(signal);
      }
    }
    onProgress?.({ stage: 'merge', records: totalRecords, totalRecords });
    await yieldToEventLoop(signal);
    return writer.commit({ ...facts, ...(mirror && { mirror: describeMirror(mirror, present) }) });
  } catch (error) {
    writer.abort();
    throw error;
  }
}
