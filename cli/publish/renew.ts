// Renewing the head of a dataset, once or at an interval. It needs no lock: a publication that runs
// meanwhile writes the head of another snapshot.

import { setTimeout as sleep } from 'node:timers/promises';
import type { HeadKey, SealKey } from '../../protocol/brands.ts';
import { createMac, type Signer } from '../../protocol/signed/envelope.ts';
import { type Head, headState } from '../../protocol/signed/head.ts';
import { parseHeadKeyText } from '../../protocol/signed/trust.ts';
import { assertKeyBelongs, type Dataset, openDataset } from '../../store/dataset.ts';
import { StoreError } from '../../store/errors.ts';
import { readRegularFile } from '../../store/files.ts';
import { openPublishedFacts } from '../../store/snapshot/current.ts';
import { isNewest } from '../../store/snapshot/sequence.ts';
import type { StatedSnapshot } from '../../store/snapshot/stated-facts.ts';
import { readStatement, writeHead } from '../../store/snapshot/statement-files.ts';
import { reportFailure, UsageError } from '../exit.ts';
import { openKeyFile, openSigningKeyFile } from '../key-files.ts';
import { type KeyFileOptions, keyFileFor, openPublisher } from '../open.ts';
import { note, printResult } from '../output.ts';
import { shellWord } from '../printable.ts';
import { warnOfExpired } from '../retention/expires.ts';

export interface RenewOptions extends KeyFileOptions {
  readonly headKey?: string;
  /** Milliseconds. */
  readonly every?: number;
  /** Milliseconds. */
  readonly validFor?: number;
  readonly json?: boolean;
}

/** After a failure the next attempt does not wait for the whole interval. */
const RETRY_MS = 60_000;

interface Renewer {
  readonly signer: Signer;
  /** Under `auth` "mac". */
  readonly sealKey?: SealKey;
}

/** @throws StoreError or UsageError if the key is missing or does not belong to the dataset */
function openRenewer(dataset: Dataset, options: RenewOptions): Renewer {
  if (options.headKey !== undefined) {
    if (dataset.parameters.publisher === undefined)
      throw new UsageError('--head-key does not apply to a dataset without signatures', 'Remove it.');
    return { signer: openSigningKeyFile(options.headKey, '--head-key') };
  }
  if (dataset.parameters.publisher !== undefined && options.keyFile !== undefined)
    throw new UsageError(
      '--key-file does not renew a dataset with signatures',
      'Leave it out, or name a key with --publisher-key or --head-key.',
    );
  const publisher = openPublisher(dataset, options, '--publisher-key, or that of a head key with --head-key');
  if (publisher) return { signer: publisher };
  const key = openKeyFile(keyFileFor(dataset.folder, options.keyFile));
  assertKeyBelongs(dataset, key);
  const { sealKey } = key.createSuite();
  return { signer: createMac(sealKey), sealKey };
}

/** Renews once, or until the signal if there is an interval. */
export async function renewHeads(folder: string, options: RenewOptions, signal: AbortSignal): Promise<void> {
  const dataset = openDataset(folder);
  const { signer, sealKey } = openRenewer(dataset, options);
  const { every, validFor } = options;
  const renew = async (): Promise<void> => {
    const { name, facts, stated } = await openNewest(dataset, sealKey);
    printResult(
      options,
      writeHead(dataset, name, stated, signer, validFor),
      ({ sequence, validUntil }) =>
        `snapshot ${String(sequence).padStart(6, '0')}: clients accept it until ${validUntil}`,
    );
    warnOfExpired(dataset, facts.sources);
  };
  if (every === undefined) return renew();
  while (!signal.aborted) {
    let pauseMs = every;
    try {
      await renew();
    } catch (error) {
      reportFailure(error, options);
      pauseMs = Math.min(every, RETRY_MS);
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => {});
  }
}

/** A publish names its snapshot as the current one as soon as it has written the rest. */
const PUBLISH_ENDS_MS = 2_000;

/**
 * Who may write the folder, and holds no key, can name an earlier snapshot as the current one: no
 * head is made for it.
 * @throws StoreError `SNAPSHOT_MISSING`, `SNAPSHOT_REPLACED`
 */
async function openNewest(dataset: Dataset, sealKey: SealKey | undefined): Promise<StatedSnapshot> {
  for (let isAgain = false; ; isAgain = true) {
    const facts = openPublishedFacts(dataset);
    const current = { ...facts, stated: readStatement(dataset, facts.name, sealKey) };
    if (isNewest(dataset, current, sealKey)) return current;
    if (isAgain) break;
    await sleep(PUBLISH_ENDS_MS);
  }
  throw new StoreError(
    'SNAPSHOT_REPLACED',
    'CURRENT names a snapshot that is not the newest, or its facts are not those of its statement',
    `If no publish was stopped and no backup restored, somebody else has written to the dataset. Run: credveil publish ${shellWord(dataset.folder)}`,
  );
}

const PUBLIC_LINE = 'credveil-head-public-';
const MAX_LINE_BYTES = 512;

/**
 * Reads the public part of a head key: a public line, or a file with that line or with the key.
 */
export function openHeadKey(lineOrFile: string): HeadKey {
  if (lineOrFile.startsWith(PUBLIC_LINE)) return parseHeadKeyText(lineOrFile);
  const line = readLine(lineOrFile);
  if (line.startsWith(PUBLIC_LINE)) return parseHeadKeyText(line);
  const key = openSigningKeyFile(lineOrFile, '--delegate');
  if (key.use !== 'head')
    throw new UsageError('--delegate needs a head key', 'Create one with: credveil keygen --signing head');
  return key.publicKey as HeadKey;
}

/** The text of a small file. For any other, the error of the key file says what is wrong. */
function readLine(file: string): string {
  try {
    return readRegularFile(file, MAX_LINE_BYTES, (why) => new Error(why)).trim();
  } catch {
    return '';
  }
}

/** Warns on standard error before clients refuse the snapshot, and when they do. */
export function warnOfHead(folder: string, head: Pick<Head, 'issuedAt' | 'validUntil'>): void {
  const state = headState(head, Date.now());
  if (state === 'fresh') return;
  const what = state === 'expired' ? 'clients refuse the snapshot since' : 'clients will refuse the snapshot after';
  note(`warning: ${what} ${head.validUntil}\n  Run: credveil publish ${shellWord(folder)} --renew, every hour.`);
}
