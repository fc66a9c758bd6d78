// The thread that sorts batches of a merge.

import { parentPort } from 'node:worker_threads';
import { BatchSorter } from './merge-records.ts';

export interface SorterTask {
  readonly batch: Uint8Array<ArrayBuffer>;
  readonly into: Uint8Array<ArrayBuffer>;
}

export interface SortedBatch {
  /** Its buffer, to be used for another batch. */
  readonly batch: Uint8Array<ArrayBuffer>;
  readonly sorted: Uint8Array<ArrayBuffer>;
}

const sorter = new BatchSorter();

parentPort?.on('message', ({ batch, into }: SorterTask) => {
  const result: SortedBatch = { batch, sorted: sorter.sort(batch, into) };
  parentPort?.postMessage(result, [batch.buffer, into.buffer]);
});
