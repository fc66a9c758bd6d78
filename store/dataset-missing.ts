// Why a folder is no dataset, and the step that fits.

import fs from 'node:fs';
import { StoreError } from './errors.ts';

function statOf(file: string): fs.Stats | undefined {
  try {
    return fs.statSync(file);
  } catch {
    return undefined;
  }
}

export function datasetMissing(folder: string, cause: unknown): StoreError {
  const stat = statOf(folder);
  if (stat && !stat.isDirectory()) {
    const hint = 'Check the path: a dataset is the folder that `credveil init` created.';
    return new StoreError('DATASET_MISSING', `${folder} is a file, not a dataset`, hint, { cause });
  }
  return new StoreError(
    'DATASET_MISSING',
    stat ? `folder ${folder} is not a dataset` : `folder ${folder} does not exist`,
    `Check the path. To create a dataset: credveil init ${stat ? '<dataset>' : folder} --suite hmac|oprf`,
    { cause },
  );
}
