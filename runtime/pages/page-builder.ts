// The thread that builds the page files: stripping types blocks a thread for a tenth of a second.

import { parentPort, workerData } from 'node:worker_threads';
import { buildPageFiles, type Documents } from './page-files.ts';

parentPort?.postMessage(buildPageFiles(workerData as Documents));
