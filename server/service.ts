// A dataset as it is served: its snapshots and, under `oprf`, its evaluator.

import { ServerError } from '../runtime/errors.ts';
import { type Dataset, openDataset } from '../store/dataset.ts';
import type { DatasetKey, Evaluator } from '../store/key-file.ts';
import { openEvaluator } from './evaluator.ts';
import { ServedSnapshots, type SnapshotOptions } from './snapshots.ts';

/** What to serve. */
export interface ServedFolder {
  readonly folder: string;
  /** Under `oprf`, and only there. */
  readonly key?: DatasetKey;
}

export interface Service {
  readonly dataset: Dataset;
  readonly snapshots: ServedSnapshots;
  readonly evaluator: Evaluator | undefined;
}

/**
 * Opens all of them or none.
 * @throws ServerError `KEY_REQUIRED`, `KEY_NOT_WANTED`, `DATASET_REPEATED`
 * @throws StoreError where a dataset, its key or its snapshot is wrong
 */
export async function openServices(folders: readonly ServedFolder[], options: SnapshotOptions): Promise<Service[]> {
  const services: Service[] = [];
  try {
    for (const { folder, key } of folders) {
      const dataset = openDataset(folder);
      if (services.some((service) => service.dataset.parameters.dataset === dataset.parameters.dataset))
        throw new ServerError('DATASET_REPEATED', 'a dataset is to be served twice', 'Name each dataset once.');
      const evaluator = await openEvaluator(dataset, key);
      services.push({ dataset, evaluator, snapshots: await ServedSnapshots.open(dataset, options) });
    }
  } catch (error) {
    await closeServices(services);
    throw error;
  }
  return services;
}

export async function closeServices(services: readonly Service[]): Promise<void> {
  for (const { snapshots } of services) await snapshots.close();
}
