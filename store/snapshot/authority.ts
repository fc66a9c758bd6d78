// Who vouches for a snapshot: the seal key under `auth` "mac", the publisher under "signature".
// PROTOCOL.md §8.

import type { HeadKey, SealKey } from '../../protocol/brands.ts';
import { createMac, type Signer } from '../../protocol/signed/envelope.ts';
import { formatTime } from '../../protocol/signed/members.ts';
import type { DelegatedKey } from '../../protocol/signed/statement.ts';
import type { KeyedSuite } from '../../protocol/suite.ts';
import type { Dataset } from '../dataset.ts';
import { StoreError } from '../errors.ts';
import type { SigningKey } from '../signing-key.ts';
import type { StatementFile } from './statement-files.ts';

export interface Authority {
  /** Signs statements and heads. */
  readonly signer: Signer;
  /** Seals buckets; undefined where Merkle trees do. */
  readonly bucketKey: SealKey | undefined;
}

/** @throws StoreError `PUBLISHER_KEY_REQUIRED`, `PUBLISHER_KEY_MISMATCH` */
export function publishingAuthority(
  { folder, parameters }: Dataset,
  { sealKey }: Pick<KeyedSuite, 'sealKey'>,
  publisher: SigningKey | undefined,
): Authority {
  if (parameters.publisher === undefined) return { signer: createMac(sealKey), bucketKey: sealKey };
  if (!publisher)
    throw new StoreError(
      'PUBLISHER_KEY_REQUIRED',
      `dataset ${folder}: its snapshots are signed`,
      'Name the key file of its publisher with --publisher-key.',
    );
  if (publisher.use !== 'publisher' || hex(publisher.publicKey) !== parameters.publisher)
    throw new StoreError(
      'PUBLISHER_KEY_MISMATCH',
      `dataset ${folder}: this key (${publisher.keyid}) is not that of its publisher`,
      'Name the key file of its publisher with --publisher-key.',
    );
  return { signer: publisher, bucketKey: undefined };
}

/** Delegation lasts this long, unless it is repeated: 400 days. */
const DELEGATION_MS = 400 * 24 * 3_600_000;

/**
 * The head keys of the next statement: those that the publisher signed before and that are still
 * valid, and new ones. Undefined under `auth` "mac".
 */
export function delegatedKeys(
  dataset: Dataset,
  current: { readonly stated: StatementFile } | undefined,
  delegate: readonly HeadKey[],
  now: number,
): DelegatedKey[] | undefined {
  if (dataset.parameters.publisher === undefined) return undefined;
  const added = delegate.map((key) => ({ key: hex(key), notAfter: formatTime(now + DELEGATION_MS) }));
  const before = current?.stated.statement.headKeys ?? [];
  const kept = before.filter(
    ({ key, notAfter }) => Date.parse(notAfter) > now && added.every((fresh) => fresh.key !== key),
  );
  return [...kept, ...added];
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
