// A process that locks a dataset, reports it, and keeps the lock until it is killed or stdin ends.

import { lockDataset } from '../../../store/lock.ts';

const unlock = lockDataset(process.argv[2] as string);
process.stdout.write('locked\n');
process.stdin.resume().once('end', unlock);
