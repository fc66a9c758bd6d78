// The thread that sorts batches of a merge.

import { parentPort } from 'node:worker_threads';
import { BatchSorter } from './merge-records.ts';

/** A batch, which comes back sorted in its buffer. */
export type SorterTask = Uint8Array<ArrayBuffer>;

const sorter = new BatchSorter();

parentPort?.on('message', (batch: SorterTask) => {
  parentPort?.postMessage(sorter.sort(batch), [batch.buffer]);
});
