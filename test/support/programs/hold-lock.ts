// A process that locks a dataset, reports it, and holds the lock until it is killed or its stdin ends.

import { lockDataset } from '../../../store/lock.ts';

const unlock = lockDataset(process.argv[2] as string);
process.stdout.write('locked\n');
process.stdin.resume().once('end', unlock);
