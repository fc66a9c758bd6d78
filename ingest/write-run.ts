// The last step of ingest: all chunks merged into one run.

import { INDEX_NAMES } from '../protocol/bucket-id.ts';
import type { Dataset } from '../store/dataset.ts';
import { RECORD_BYTES } from '../store/record.ts';
import { RunWriter } from '../store/run.ts';
import type { NewRunFacts, RunFacts } from '../store/run-facts.ts';
import { mergeChunks } from './merge-chunks.ts';
import type { ChunkFiles } from './sorters.ts';

/** Records between two looks at the abort signal. */
const RECORDS_A_TURN = 1 << 18;

/** Makes the run visible, or leaves nothing. */
export async function writeRun(
  dataset: Dataset,
  chunks: ChunkFiles,
  memoryBytes: number,
  signal: AbortSignal | undefined,
  facts: NewRunFacts,
): Promise<RunFacts> {
  const writer = new RunWriter(dataset, facts.source);
  try {
    const record = new Uint8Array(RECORD_BYTES);
    let records = 0;
    for (const index of INDEX_NAMES) {
      const files = chunks[index];
      if (!files) continue;
      writer.beginSection(index);
      const { merge, close } = mergeChunks(files, memoryBytes);
      try {
        while (merge.next()) {
          merge.writeRecord(record);
          writer.append(record, 0);
          if (++records % RECORDS_A_TURN === 0) await letSignalsIn(signal);
        }
      } finally {
        close();
      }
    }
    await letSignalsIn(signal);
    return writer.commit(facts);
  } catch (error) {
    writer.abort();
    throw error;
  }
}

/** An interruption arrives as an event: a turn of the event loop, and then a look. */
async function letSignalsIn(signal: AbortSignal | undefined): Promise<void> {
  await new Promise(setImmediate);
  signal?.throwIfAborted();
}
