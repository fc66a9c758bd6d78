// A worker thread of an ingest: takes a segment and returns sorted chunks.

import { parentPort, workerData } from 'node:worker_threads';
import type { RangeName } from '../../protocol/bucket-id.ts';
import { parseHmacKeyText } from '../../protocol/keys.ts';
import type { UsernameRule } from '../../protocol/normalize.ts';
import type { SuiteName } from '../../protocol/suite.ts';
import type { NameMarks } from '../../store/retention/name-list.ts';
import type { SectionName } from '../../store/run/sections.ts';
import type { FinishedSegment } from '../manifest.ts';
import { Sorters } from '../sort/sorters.ts';
import type { Deriver } from './deriver.ts';
import { fingerprint, signSeedOf } from './fingerprint.ts';
import { createHashListDeriver, withPlaintextHashes } from './hash-deriver.ts';
import { createHmacDeriver } from './hmac-deriver.ts';
import { loadLineRules } from './line-rules.ts';
import { NameGuard, withNameGuard } from './name-guard.ts';
import { createOprfDeriver } from './oprf-deriver.ts';
import { deriveSegment, type SegmentFormat, type TaskFormat } from './segment.ts';
import { withUsernameRules } from './username-rules.ts';

export interface WorkerSettings {
  readonly suite: SuiteName;
  /** The secret, passed between threads in memory, never in argv or the environment. */
  readonly keyText: string;
  readonly indexes: readonly SectionName[];
  /** Whether pairs also make entries of similarity forms. */
  readonly similar: boolean;
  readonly usernameRules: readonly UsernameRule[];
  /** Whether passwords in plaintext feed the indexes of hashes, without the key. */
  readonly hashPlaintext: boolean;
  /** Names whose credentials are left out. */
  readonly names: NameMarks | undefined;
  readonly folder: string;
  readonly sorterBytes: number;
}

export interface SegmentTask {
  readonly number: number;
  readonly format: TaskFormat;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface SegmentResult {
  readonly finished: FinishedSegment;
  /** The buffer of the segment, to be reused. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Of credentials in plaintext. */
async function createDeriver(settings: WorkerSettings, sorters: Sorters): Promise<Deriver> {
  const keyed = await createKeyedDeriver(settings, sorters);
  const whole = settings.hashPlaintext ? withPlaintextHashes(keyed, sorters) : keyed;
  return withUsernameRules(withNameGuard(whole, guard), settings.usernameRules);
}

async function createKeyedDeriver({ suite, keyText, similar }: WorkerSettings, sorters: Sorters): Promise<Deriver> {
  if (suite === 'hmac') return createHmacDeriver(parseHmacKeyText(keyText), sorters, similar);
  // Half a megabyte of WebAssembly and the arithmetic of the curve, loaded only for this suite.
  const { createSodiumOprf } = await import('../../accel/oprf-sodium.ts');
  const { parseKeyText } = await import('../../store/dataset-key.ts');
  return createOprfDeriver(parseKeyText(keyText).createSuite(await createSodiumOprf()), sorters, similar);
}

const settings = workerData as WorkerSettings;
const guard = settings.names && new NameGuard(settings.names);
const sorters = new Sorters(settings.indexes, settings.folder, settings.sorterBytes);
const plaintext = await createDeriver(settings, sorters);
const signSeed = signSeedOf(settings.keyText);

/** Of a format without plaintext, whose index the dataset may lack. */
function hashesFor(name: RangeName): Deriver | undefined {
  const sorter = sorters[name];
  return sorter && createHashListDeriver(sorter, name);
}

/** The format of the last segment. */
let last: { readonly text: string; readonly format: SegmentFormat } | undefined;

async function loadFormat(task: TaskFormat): Promise<SegmentFormat> {
  const text = JSON.stringify(task);
  if (last?.text === text) return last.format;
  const { name, options, isLines, hashes } = task;
  const format = { lines: isLines ? await loadLineRules(name, options) : undefined, hashes };
  last = { text, format };
  return format;
}

parentPort?.on('message', async ({ number, format, bytes }: SegmentTask) => {
  const loaded = await loadFormat(format);
  const deriver = format.hashes ? hashesFor(format.hashes) : plaintext;
  if (!deriver) throw new Error('a segment feeds no index of the dataset');
  sorters.begin(number);
  const findings = deriveSegment(bytes, loaded, deriver, signSeed, guard);
  const finished: FinishedSegment = {
    segment: number,
    fingerprint: fingerprint(settings.keyText, bytes, format),
    ...findings,
    chunks: sorters.finish(),
  };
  const result: SegmentResult = { finished, bytes };
  parentPort?.postMessage(result, [bytes.buffer]);
});
