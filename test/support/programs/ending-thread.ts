// A thread of a publish that ends before it has done anything.

import process from 'node:process';
import { parentPort } from 'node:worker_threads';

parentPort?.on('message', () => process.exit(0));
