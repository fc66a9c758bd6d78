// A worker of a service that only counts, for test/runtime/workers.test.ts.

import '../../../runtime/workers/deaf.ts';
import { runWorker } from '../../../runtime/workers/worker.ts';
import { StoreError } from '../../../store/errors.ts';

export interface CountOrder {
  readonly options: { readonly from: number; readonly fail?: boolean };
}

/** Requests that a counting worker answers. */
export interface CountAnswers {
  next(payload: null): number;
  /** Never returns. */
  block(payload: null): void;
  /** Requests the primary to add one. */
  viaPrimary(value: number): number;
}

/** Requests that the test answers as the primary. */
export interface CountAsks {
  increment(value: number): number;
}

interface Counter {
  next(): number;
  reload(options: CountOrder['options']): void;
  close(): Promise<void>;
}

const worker = runWorker<CountOrder, Counter, CountAsks, CountAnswers>({
  title: 'counting worker',
  async start({ options }) {
    if (options.fail) throw new StoreError('DATASET_MISSING', 'nothing to count', 'Add something.');
    let { from } = options;
    return {
      next: () => from++,
      reload: (changed) => {
        from = changed.from;
      },
      close: async () => undefined,
    };
  },
  describe: () => process.pid,
});
worker.primary.handle('next', () => worker.service().next());
worker.primary.handle('block', () => {
  for (;;);
});
worker.primary.handle('viaPrimary', (value) => worker.primary.ask('increment', value));
