// The bodies of bench:http: a dataset with account buckets and ranges, and its bodies as files.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { sha1ListFormat } from '../../ingest/formats/hashes/hash-list.ts';
import { comboFormat } from '../../ingest/formats/lines/line-format.ts';
import { ingest } from '../../ingest/ingest.ts';
import { openInputs } from '../../ingest/input/inputs.ts';
import type { BucketId } from '../../protocol/brands.ts';
import { formatPrefix, formatRangePrefix } from '../../protocol/bucket-id.ts';
import { startServer } from '../../server/server.ts';
import { createDataset } from '../../store/dataset.ts';
import { publish } from '../../store/snapshot/publish.ts';
import { comboText, seededKey, seededPairs } from '../../test/support/dataset.ts';
import { seededRanges, writeRanges } from '../../test/support/range-dataset.ts';

/** Each pair has two entries: 64 buckets of about a thousand entries. */
const PAIRS = 36_000;
/** 37 MB of text. The 48 HIBP ranges among the test fixtures average 897 rows. */
const RANGES_MADE = 1024;
const ROWS = 900;
const SEED = 5;

export interface BenchBodies {
  readonly home: string;
  /** The dataset's folder. */
  readonly folder: string;
  /** The folder of bodies: one file per path. */
  readonly bodiesFolder: string;
  readonly account: BodySet;
  readonly range: BodySet;
  dispose(): void;
}

export interface BodySet {
  readonly paths: readonly string[];
  /** A file with one path per line. */
  readonly list: string;
  readonly meanBytes: number;
}

export async function makeBenchBodies(): Promise<BenchBodies> {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-bench-'));
  const dispose = (): void => fs.rmSync(home, { recursive: true, force: true });
  try {
    const folder = path.join(home, 'dataset');
    const prefixBits = await makeDataset(home, folder);
    const accounts = Array.from({ length: 2 ** prefixBits }, (_, id) => formatPrefix(id as BucketId, prefixBits));
    const bodiesFolder = path.join(home, 'bodies');
    const server = await startServer(folder, { port: 0 });
    try {
      const fetchSet = (name: string, paths: readonly string[]) => fetchBodies(server.url, home, name, paths);
      const account = await fetchSet(
        'account',
        accounts.map((prefix) => `/v1/account/${prefix}`),
      );
      const range = await fetchSet(
        'range',
        rangePrefixes().map((prefix) => `/range/${prefix}`),
      );
      return { home, folder, bodiesFolder, account, range, dispose };
    } finally {
      await server.close();
    }
  } catch (error) {
    dispose();
    throw error;
  }
}

const rangePrefixes = (): string[] =>
  Array.from({ length: RANGES_MADE }, (_, range) => formatRangePrefix(range * 1021));

/** @returns the prefix bits of its account index */
async function makeDataset(home: string, folder: string): Promise<number> {
  const key = seededKey('hmac', SEED);
  const dataset = createDataset(folder, key, { indexes: ['account'], ranges: ['sha1'], bucketFloor: 500 });
  const pairs = path.join(home, 'pairs.txt');
  fs.writeFileSync(pairs, comboText(seededPairs(PAIRS, SEED)));
  await ingest(dataset, key, { source: 'pairs', format: comboFormat, inputs: openInputs([pairs]) });
  const ranges = writeRanges(path.join(home, 'ranges'), seededRanges('sha1', rangePrefixes(), ROWS, SEED));
  await ingest(dataset, key, { source: 'ranges', format: sha1ListFormat, inputs: openInputs([ranges]) });
  const { facts } = await publish(dataset, key.createSuite());
  return facts.indexes.account?.prefixBits ?? 0;
}

/** Asserts that every contender sends the same bytes as Credveil. */
async function fetchBodies(url: string, home: string, name: string, paths: readonly string[]): Promise<BodySet> {
  let bytes = 0;
  for (const at of paths) {
    const response = await fetch(url + at, { headers: { 'Accept-Encoding': 'identity' } });
    if (response.status !== 200) throw new Error(`${at}: ${response.status}`);
    const body = Buffer.from(await response.arrayBuffer());
    bytes += body.length;
    const file = path.join(home, 'bodies', at);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, body);
  }
  const list = path.join(home, `${name}.txt`);
  fs.writeFileSync(list, `${paths.join('\n')}\n`);
  return { paths, list, meanBytes: bytes / paths.length };
}
