// What a thread of publishing does. Its module imports this and names the pads that it computes:
// those of accel/ are faster than the platform's.

import { parentPort, workerData } from 'node:worker_threads';
import type { CreatePadBatch } from '../../../protocol/metadata.ts';
import { StoreError, type StoreErrorCode } from '../../errors.ts';
import { type PartTask, PartWork, type ResultOf, type WorkSettings } from './part-work.ts';

export interface ThreadSettings {
  readonly work: WorkSettings;
  /** One u64: the records that all threads have merged. */
  readonly records: SharedArrayBuffer;
}

export interface ThreadTask {
  readonly number: number;
  readonly task: PartTask;
}

export interface ThreadResult {
  readonly number: number;
  readonly result?: ResultOf<PartTask>;
  /** A StoreError: as an error it would lose its class on the way. */
  readonly failure?: { readonly code: StoreErrorCode; readonly message: string; readonly hint: string };
}

/** Answers the tasks of this thread. */
export function servePartTasks(createPads: CreatePadBatch): void {
  const { work: settings, records } = workerData as ThreadSettings;
  const counter = new BigUint64Array(records);
  const work = new PartWork(settings, createPads, (count) => {
    Atomics.add(counter, 0, BigInt(count));
  });
  parentPort?.on('message', async ({ number, task }: ThreadTask) => {
    const answer = (outcome: Omit<ThreadResult, 'number'>): void => parentPort?.postMessage({ number, ...outcome });
    try {
      answer({ result: await work.run(task) });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      const { code, message, hint } = error;
      answer({ failure: { code, message, hint } });
    }
  });
}
