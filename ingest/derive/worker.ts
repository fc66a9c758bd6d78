// A worker thread of an ingest: takes a segment and returns sorted chunks.

import { parentPort, workerData } from 'node:worker_threads';
import type { RangeName } from '../../protocol/bucket-id.ts';
import { parseHmacKeyText } from '../../protocol/keys.ts';
import type { SuiteName } from '../../protocol/suite.ts';
import { parseKeyText } from '../../store/dataset-key.ts';
import type { SectionName } from '../../store/run/run-facts.ts';
import { createFormat } from '../formats/registry.ts';
import { type FinishedSegment, fingerprint } from '../manifest.ts';
import { RejectCounter } from '../rejects.ts';
import { Sorters } from '../sort/sorters.ts';
import { deriveCredentials } from './credential-batch.ts';
import type { Deriver } from './deriver.ts';
import { createHashListDeriver, withPlaintextHashes } from './hash-deriver.ts';
import { createHmacDeriver } from './hmac-deriver.ts';
import { deriveLines } from './line-batch.ts';
import { createOprfDeriver } from './oprf-deriver.ts';

export interface WorkerSettings {
  readonly suite: SuiteName;
  /** The secret, passed between threads in memory, never in argv or the environment. */
  readonly keyText: string;
  readonly indexes: readonly SectionName[];
  /** Whether pairs also make entries of similarity forms. */
  readonly similar: boolean;
  readonly folder: string;
  readonly sorterBytes: number;
  /** Name of a line format; undefined if segments are packed credentials. */
  readonly lineFormat: string | undefined;
  /** The range index that the hashes of the format are for, if it has hashes. */
  readonly hashes: RangeName | undefined;
}

export interface SegmentTask {
  readonly number: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface SegmentResult {
  readonly finished: FinishedSegment;
  /** The buffer of the segment, to be reused. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

async function createDeriver(settings: WorkerSettings, sorters: Sorters): Promise<Deriver> {
  const { hashes } = settings;
  const sorter = hashes && sorters[hashes];
  if (hashes && sorter) return createHashListDeriver(sorter, hashes);
  const deriver = await createKeyedDeriver(settings, sorters);
  return sorters.sha1 || sorters.ntlm ? withPlaintextHashes(deriver, sorters) : deriver;
}

async function createKeyedDeriver({ suite, keyText, similar }: WorkerSettings, sorters: Sorters): Promise<Deriver> {
  if (suite === 'hmac') return createHmacDeriver(parseHmacKeyText(keyText), sorters, similar);
  // Half a megabyte of WebAssembly, loaded only for this suite.
  const { createSodiumOprf } = await import('../../accel/oprf-sodium.ts');
  return createOprfDeriver(parseKeyText(keyText).createSuite(await createSodiumOprf()), sorters, similar);
}

const settings = workerData as WorkerSettings;
const sorters = new Sorters(settings.indexes, settings.folder, settings.sorterBytes);
const deriver = await createDeriver(settings, sorters);
const rules = settings.lineFormat === undefined ? undefined : createFormat(settings.lineFormat).lines;

parentPort?.on('message', ({ number, bytes }: SegmentTask) => {
  const rejects = new RejectCounter();
  sorters.begin(number);
  const credentials = rules ? deriveLines(bytes, rules, deriver, rejects) : deriveCredentials(bytes, deriver, rejects);
  deriver.flush();
  const finished: FinishedSegment = {
    segment: number,
    fingerprint: fingerprint(settings.keyText, bytes),
    credentials,
    rejects: rejects.byReason(),
    chunks: sorters.finish(),
  };
  const result: SegmentResult = { finished, bytes };
  parentPort?.postMessage(result, [bytes.buffer]);
});
