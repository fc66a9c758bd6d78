// A thread that builds one list and ends: reading and sorting a million lines takes seconds, in
// which the gateway has requests to answer.

import { parentPort, workerData } from 'node:worker_threads';
import { ContentError } from '../formats/content-error.ts';
import type { BuildOutcome } from './build-aside.ts';
import { type BuildTask, type BuiltList, buildList } from './build-list.ts';

const post = (outcome: BuildOutcome, built?: BuiltList): void =>
  parentPort?.postMessage(outcome, built ? [built.image.buffer] : []);

try {
  const built = buildList(workerData as BuildTask);
  post({ built }, built);
} catch (error) {
  if (!(error instanceof ContentError)) throw error;
  const { code, message, hint } = error;
  post({ failure: { code, message, hint } });
}
