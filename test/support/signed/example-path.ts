// A path of the route table with values of a dataset in place of its parameters.

import { createHash } from 'node:crypto';
import { type Dataset, openDataset } from '../../../store/dataset.ts';
import { openCurrent } from '../../../store/snapshot/current.ts';
import { encodeSources } from '../../../store/snapshot/statement-files.ts';

export function examplePath(path: string, folder: string): string {
  const dataset: Dataset = openDataset(folder);
  const { snapshot = '', sources = [] } = openCurrent(dataset)?.facts ?? {};
  return path
    .replace('{snapshot}', snapshot)
    .replace('{sha256}', createHash('sha256').update(encodeSources(sources)).digest('hex'));
}
