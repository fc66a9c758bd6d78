// The thread that builds the page files: stripping types blocks a thread for a tenth of a second.

import { parentPort } from 'node:worker_threads';
import { buildPageFiles } from './page-files.ts';

parentPort?.postMessage(buildPageFiles());
