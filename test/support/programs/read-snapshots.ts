// A process that repeatedly opens the current snapshot and each of its buckets under the key, and
// prints the snapshot id with the number of entries. It finishes one more round after stdin ends,
// and fails on any error.

import { openDataset } from '../../../store/dataset.ts';
import { parseKeyText } from '../../../store/dataset-key.ts';
import { openSnapshot } from '../../../store/snapshot/snapshot.ts';
import { tagsByBucket } from '../entries.ts';

const [, , folder = '', keyText = ''] = process.argv;
const suite = parseKeyText(keyText).createSuite();
const dataset = openDataset(folder);
let ended = false;
process.stdin.resume().once('end', () => {
  ended = true;
});
for (let last = false; !last; ) {
  last = ended;
  const snapshot = await openSnapshot(dataset);
  const entries = tagsByBucket(snapshot, suite, 'account').flat().length;
  process.stdout.write(`${snapshot.facts.snapshot} ${entries}\n`);
  snapshot.close();
  await new Promise(setImmediate);
}
