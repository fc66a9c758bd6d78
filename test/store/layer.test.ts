// The id of a layer: equal input gives an equal id, and everything that shapes a bucket changes it.

import { describe, expect, test } from 'vitest';
import type { DatasetId, KeyId } from '../../protocol/brands.ts';
import type { Dataset } from '../../store/dataset.ts';
import type { DatasetParameters } from '../../store/dataset-parameters.ts';
import type { Run } from '../../store/run/run.ts';
import { layerId } from '../../store/snapshot/layer.ts';

const PARAMETERS: DatasetParameters = {
  suite: 'hmac',
  auth: 'mac',
  keyId: '65b555284e0d41a7' as KeyId,
  normalization: 1,
  indexes: ['account', 'password'],
  metadataBytes: 1,
  bucketFloor: 1024,
};
const ID = '0123456789abcdef' as DatasetId;

const datasetOf = (change: Partial<DatasetParameters> = {}, id = ID): Dataset => ({
  folder: 'anywhere',
  id,
  parameters: { ...PARAMETERS, ...change },
});
const runOf = (source: string, digit: string): Run =>
  ({ file: `${source}.run`, facts: { source }, sha256: digit.repeat(64), bytes: 0 }) as unknown as Run;

const [a, b, c] = [runOf('a', 'a'), runOf('b', 'b'), runOf('c', 'c')] as const;
const NUMBERS: { readonly [source: string]: number } = { a: 1, b: 2, c: 3 };
const numberOf = ({ facts }: Run): number => NUMBERS[facts.source] as number;
const BASE = layerId(datasetOf(), [a, b], numberOf);

describe('the id of a layer', () => {
  test('does not depend on the order of runs or parameters, or on the folder', () => {
    expect(BASE).toMatch(/^[0-9a-f]{32}$/);
    expect(layerId(datasetOf(), [b, a], numberOf)).toBe(BASE);
    const reversed = Object.fromEntries(Object.entries(PARAMETERS).reverse()) as unknown as DatasetParameters;
    expect(layerId({ folder: 'elsewhere', id: ID, parameters: reversed }, [a, b], numberOf)).toBe(BASE);
    // The default rate, written out.
    expect(layerId(datasetOf({ filterOneIn: 1000 }), [a, b], numberOf)).toBe(BASE);
  });

  test.for<readonly [title: string, id: () => string]>([
    ['another dataset', () => layerId(datasetOf({}, 'fedcba9876543210' as DatasetId), [a, b], numberOf)],
    ['another key', () => layerId(datasetOf({ keyId: '0000000000000000' as KeyId }), [a, b], numberOf)],
    ['another suite', () => layerId(datasetOf({ suite: 'oprf' }), [a, b], numberOf)],
    ['other indexes', () => layerId(datasetOf({ indexes: ['account'] }), [a, b], numberOf)],
    ['similarity forms', () => layerId(datasetOf({ similar: true }), [a, b], numberOf)],
    ['longer metadata', () => layerId(datasetOf({ metadataBytes: 3 }), [a, b], numberOf)],
    ['another floor', () => layerId(datasetOf({ bucketFloor: 7 }), [a, b], numberOf)],
    ['another filter', () => layerId(datasetOf({ filterOneIn: 0 }), [a, b], numberOf)],
    ['a run more', () => layerId(datasetOf(), [a, b, c], numberOf)],
    ['a run less', () => layerId(datasetOf(), [a], numberOf)],
    ['a run with other content', () => layerId(datasetOf(), [a, runOf('b', 'd')], numberOf)],
    ['other numbers', () => layerId(datasetOf(), [a, b], (run) => numberOf(run) + 1)],
    ['swapped numbers', () => layerId(datasetOf(), [a, b], (run) => 3 - numberOf(run))],
  ])('changes with %s', ([, id]) => {
    expect(id()).toMatch(/^[0-9a-f]{32}$/);
    expect(id()).not.toBe(BASE);
  });
});
