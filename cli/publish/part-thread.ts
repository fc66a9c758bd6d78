// A thread of `publish`, which computes pads with the kernel.

import { createKernelPads } from '../../accel/pad-kernel.ts';
import { servePartTasks } from '../../store/snapshot/parts/part-thread.ts';

servePartTasks(createKernelPads);
