// A forked process that answers over runtime/ipc.ts, for ipc.test.ts.

import { openChannel } from '../../../runtime/ipc.ts';
import { StoreError } from '../../../store/errors.ts';

/** Requests that the peer answers. */
export interface PeerContract {
  double(value: number): number;
  bytes(value: Uint8Array): Uint8Array;
  /** Sends a request to the parent before it answers. */
  viaParent(value: number): number;
  fail(kind: 'ours' | 'foreign'): never;
  never(value?: undefined): never;
  note(value: string): void;
  notes(value?: undefined): string[];
  die(value?: undefined): never;
}

/** Requests that the test answers. */
export interface TestContract {
  increment(value: number): number;
}

const channel = openChannel<TestContract, PeerContract>(process);
const notes: string[] = [];
channel.handle('double', (value) => 2 * value);
channel.handle('bytes', (bytes) => Uint8Array.from(bytes).reverse());
channel.handle('viaParent', async (value) => 2 * (await channel.ask('increment', value)));
channel.handle('fail', (kind) => {
  throw kind === 'ours' ? new StoreError('DATASET_MISSING', 'no dataset', 'Make one.') : new Error('contains secrets');
});
channel.handle('never', () => new Promise<never>(() => undefined));
channel.handle('note', (note) => {
  notes.push(note);
});
channel.handle('notes', () => notes);
channel.handle('die', () => process.exit(1));
channel.onGone(() => process.exit(0));
process.send?.('a message of another program');
