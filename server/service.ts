// A dataset as it is served: its snapshots and, under `oprf`, its evaluator.

import { ServerError } from '../runtime/errors.ts';
import { assertKeyBelongs, type Dataset, openDataset } from '../store/dataset.ts';
import type { DatasetKey, Evaluator } from '../store/dataset-key.ts';
import { ServedSnapshots, type SnapshotOptions } from './snapshots/snapshots.ts';

/** What to serve. */
export interface ServedFolder {
  readonly folder: string;
  /** Only under `oprf`. Without it the server evaluates nothing: it serves buckets alone. */
  readonly key?: DatasetKey;
}

export interface Service {
  readonly dataset: Dataset;
  readonly snapshots: ServedSnapshots;
  readonly evaluator: Evaluator | undefined;
}

/**
 * Opens all of them or none.
 * @throws ServerError `KEY_NOT_WANTED`, `DATASET_REPEATED`
 * @throws StoreError if a dataset, its key or its snapshot is wrong
 */
export async function openServices(folders: readonly ServedFolder[], options: SnapshotOptions): Promise<Service[]> {
  const services: Service[] = [];
  try {
    for (const { folder, key } of folders) {
      const dataset = openDataset(folder);
      if (services.some((service) => service.dataset.id === dataset.id))
        throw new ServerError('DATASET_REPEATED', 'a dataset is listed twice', 'List each dataset once.');
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

/**
 * Undefined under `hmac`, and without a key.
 * @throws ServerError `KEY_NOT_WANTED`
 * @throws StoreError `KEY_MISMATCH`
 */
export async function openEvaluator(dataset: Dataset, key: DatasetKey | undefined): Promise<Evaluator | undefined> {
  if (key === undefined) return undefined;
  if (dataset.parameters.suite === 'hmac')
    throw new ServerError(
      'KEY_NOT_WANTED',
      'a server of the hmac suite holds no key',
      'Start it without the key, and keep the key off this machine.',
    );
  assertKeyBelongs(dataset, key);
  // Loaded on demand: a server without an evaluator starts without compiling libsodium.
  const { createSodiumOprf } = await import('../accel/oprf-sodium.ts');
  return key.createEvaluator(await createSodiumOprf());
}
