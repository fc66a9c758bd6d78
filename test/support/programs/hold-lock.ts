// A process that takes the lock of a dataset, says so, and holds it until it is killed or its input ends.

import { lockDataset } from '../../../store/lock.ts';

const unlock = lockDataset(process.argv[2] as string);
process.stdout.write('locked\n');
process.stdin.resume().once('end', unlock);
