// The last step of ingest: all chunks merged into one run.

import type { Dataset } from '../store/dataset.ts';
import { RunWriter } from '../store/run.ts';
import { type NewRunFacts, type RunFacts, SECTION_NAMES } from '../store/run-facts.ts';
import type { Manifest } from './manifest.ts';
import type { MemoryPlan } from './memory.ts';
import { letSignalsIn, mergeChunks, reduceChunks } from './merge-chunks.ts';

/** Makes the run visible, or leaves nothing of it but its chunks. */
export async function writeRun(
  dataset: Dataset,
  manifest: Manifest,
  plan: MemoryPlan,
  signal: AbortSignal | undefined,
  facts: NewRunFacts,
): Promise<RunFacts> {
  const { indexes } = manifest.job;
  const sections = SECTION_NAMES.filter((name) => indexes.includes(name));
  for (const index of sections) await reduceChunks(manifest, index, plan, signal);
  const writer = new RunWriter(dataset, facts.source);
  try {
    for (const index of sections) {
      writer.beginSection(index);
      for (const block of mergeChunks(manifest.folder, index, manifest.chunks(index), plan.mergeBytes)) {
        writer.append(block);
        await letSignalsIn(signal);
      }
    }
    await letSignalsIn(signal);
    return writer.commit(facts);
  } catch (error) {
    writer.abort();
    throw error;
  }
}
