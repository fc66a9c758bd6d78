// Fixtures for vitest's `test.extend`, and the ones that several test files share.

import { test as base } from 'vitest';
import { createWorkPlace, type WorkPlace } from '../credveil.ts';
import { type MadeDataset, type MakeDatasetOptions, makeDataset } from '../dataset.ts';
import { perFile } from '../per-file.ts';

type Fixture<T> = (context: object, use: (value: T) => Promise<void>) => Promise<void>;

/** A fixture that opens a value for one test and then closes it. */
export function resource<T>(open: () => T | Promise<T>, close: (value: T) => unknown = () => {}): Fixture<T> {
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads a fixture's dependencies from this pattern.
  return async ({}, use) => {
    const value = await open();
    try {
      await use(value);
    } finally {
      await close(value);
    }
  };
}

interface PlaceFixtures {
  /** An empty folder. */
  readonly place: WorkPlace;
}

/** Gives each test a folder. */
export const placeTest = base.extend<PlaceFixtures>({ place: resource(createWorkPlace, (place) => place.dispose()) });

interface DatasetFixtures {
  readonly made: MadeDataset;
}

/** Gives each test a dataset, or all tests of a file the same one. */
export const datasetTest = (options: MakeDatasetOptions, scope: 'test' | 'file' = 'test') => {
  const open = (): Promise<MadeDataset> => makeDataset(options);
  const close = (dataset: MadeDataset): void => dataset.dispose();
  return base.extend<DatasetFixtures>({ made: scope === 'file' ? perFile(open, close) : resource(open, close) });
};
