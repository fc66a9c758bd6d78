// Publishes a dataset that was made from seed 1: <folder> <parts> <threads>. Names its error.

import process from 'node:process';
import { openDataset } from '../../../store/dataset.ts';
import { publish } from '../../../store/snapshot/publish.ts';
import { seededKey } from '../dataset.ts';
import { partThread } from '../store/published-bytes.ts';

const [folder = '', parts, threads] = process.argv.slice(2);
try {
  await publish(openDataset(folder), seededKey('hmac', 1).createSuite(), {
    parts: Number(parts),
    threads: { count: Number(threads), module: partThread },
  });
} catch (error) {
  console.error((error as NodeJS.ErrnoException).code);
  process.exitCode = 1;
}
