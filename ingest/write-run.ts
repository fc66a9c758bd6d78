// The last step of ingest: all chunks merged into one run.

import type { Dataset } from '../store/dataset.ts';
import { RunWriter } from '../store/run.ts';
import { type NewRunFacts, type RunFacts, SECTION_NAMES, SECTION_RECORD_BYTES } from '../store/run-facts.ts';
import type { Manifest } from './manifest.ts';
import type { MemoryPlan } from './memory.ts';
import { letSignalsIn, mergeChunks, reduceChunks } from './merge-chunks.ts';

/** Records between two looks at the abort signal. */
const RECORDS_A_TURN = 1 << 18;

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
    let records = 0;
    for (const index of sections) {
      writer.beginSection(index);
      const record = new Uint8Array(SECTION_RECORD_BYTES[index]);
      await mergeChunks(manifest.folder, index, manifest.chunks(index), plan.mergeBytes, async (merge) => {
        while (merge.next()) {
          merge.writeRecord(record, 0);
          writer.append(record, 0);
          if (++records % RECORDS_A_TURN === 0) await letSignalsIn(signal);
        }
      });
    }
    await letSignalsIn(signal);
    return writer.commit(facts);
  } catch (error) {
    writer.abort();
    throw error;
  }
}
