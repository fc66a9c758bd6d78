// The statement and the head of a snapshot: written by the publisher, read by servers. PROTOCOL.md
// §10, §12.
//
//   DATASET/snapshots/000007.statement    its envelope, which never changes
//   DATASET/snapshots/000007.head         the envelope of the newest head, replaced by renaming

import path from 'node:path';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { SealKey } from '../../protocol/brands.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import {
  createMac,
  decodeEnvelope,
  HEAD_KIND,
  type Signer,
  STATEMENT_KIND,
  sealEnvelope,
  type Verifier,
  verifyEnvelope,
} from '../../protocol/signed/envelope.ts';
import { decodeHead, encodeHead, type Head, headKeysFor } from '../../protocol/signed/head.ts';
import { formatTime } from '../../protocol/signed/members.ts';
import type { LeakSource } from '../../protocol/signed/sources.ts';
import { PROTOCOL_VERSION, parseStatement, payloadDigest, type Statement } from '../../protocol/signed/statement.ts';
import { signingKeyId } from '../../protocol/signed/trust.ts';
import { type Dataset, snapshotsFolder } from '../dataset.ts';
import { StoreError } from '../errors.ts';
import { readRegularBytes, writeFileAtomically } from '../files.ts';
import { createNodeVerifier } from '../signing-key.ts';

export const DEFAULT_HEAD_LIFE_MS = 25 * 3_600_000;

export const statementPath = (dataset: Dataset, name: string): string =>
  path.join(snapshotsFolder(dataset), `${name}.statement`);
export const headPath = (dataset: Dataset, name: string): string => path.join(snapshotsFolder(dataset), `${name}.head`);

/** A statement as it is served. */
export interface StatementFile {
  readonly statement: Statement;
  /** SHA-256 of its payload, in hex. */
  readonly sha256: string;
  /** Its envelope. */
  readonly envelope: Buffer;
}

type Stated = Pick<StatementFile, 'statement' | 'sha256'>;

/** A head as it is served. */
export interface HeadFile {
  readonly head: Head;
  /** Its envelope. */
  readonly envelope: Buffer;
}

export function writeStatement(dataset: Dataset, name: string, payload: Uint8Array, signer: Signer): void {
  const envelope = sealEnvelope(STATEMENT_KIND, payload, signer);
  if (envelope.length > STATEMENT_KIND.maxBytes)
    throw new StoreError(
      'STATEMENT_TOO_LONG',
      `the statement has more than ${STATEMENT_KIND.maxBytes} bytes`,
      'Delegate to fewer head keys.',
    );
  writeFileAtomically(statementPath(dataset, name), envelope);
}

/**
 * Reads a statement. Its publisher's signature is checked against dataset.json; a MAC only with a
 * seal key.
 * @throws StoreError `STATEMENT_CORRUPT`
 */
export function readStatement(dataset: Dataset, name: string, sealKey?: SealKey): StatementFile {
  const corrupt = (why: string, cause?: unknown): StoreError =>
    new StoreError(
      'STATEMENT_CORRUPT',
      `snapshot ${name}: its statement ${why}`,
      'On a copy without runs/, copy the snapshot again. Otherwise delete CURRENT and run `credveil publish`: the runs still contain everything.',
      { cause },
    );
  try {
    const envelope = readRegularBytes(statementPath(dataset, name), STATEMENT_KIND.maxBytes, (why) =>
      corrupt(`is ${why}`),
    );
    const decoded = decodeEnvelope(STATEMENT_KIND, envelope);
    const verifiers = statementVerifiers(dataset, sealKey);
    if (verifiers) verifyEnvelope(STATEMENT_KIND, decoded, verifiers);
    const statement = parseStatement(decoded.payload);
    if (statement.dataset !== dataset.id) throw corrupt('belongs to another dataset');
    return { statement, sha256: payloadDigest(decoded.payload), envelope };
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    throw corrupt(cause instanceof ProtocolError ? `is invalid (${cause.code})` : 'cannot be read', cause);
  }
}

/** Undefined under `auth` "mac" without the key: nobody else can check. */
function statementVerifiers({ parameters }: Dataset, sealKey: SealKey | undefined): Verifier[] | undefined {
  const { publisher } = parameters;
  if (publisher !== undefined) return [createNodeVerifier('publisher', Buffer.from(publisher, 'hex'))];
  return sealKey && [createMac(sealKey)];
}

/**
 * Writes a head for a statement: it is to be believed from now on.
 * @throws StoreError `HEAD_KEY_REFUSED` if the statement does not allow this signer so long
 */
export function writeHead(
  dataset: Dataset,
  name: string,
  { statement, sha256 }: Stated,
  signer: Signer,
  lifeMs: number = DEFAULT_HEAD_LIFE_MS,
  now: number = Date.now(),
): Head {
  const head: Head = {
    protocol: PROTOCOL_VERSION,
    dataset: dataset.id,
    sequence: statement.sequence,
    statement: sha256,
    issuedAt: formatTime(now),
    validUntil: formatTime(Math.min(now + lifeMs, lastSecond(statement, signer))),
  };
  const allowed = signedHeadVerifiers(dataset, statement, head);
  if (allowed && !allowed.some(({ keyid }) => keyid === signer.keyid))
    throw new StoreError(
      'HEAD_KEY_REFUSED',
      'the current statement does not allow this key to sign a head',
      `Delegate to it once, with the key of the publisher: credveil publish ${dataset.folder} --delegate <file>`,
    );
  writeFileAtomically(headPath(dataset, name), sealEnvelope(HEAD_KIND, encodeHead(head), signer));
  return head;
}

/** No head outlives the delegation of its key. */
function lastSecond({ headKeys = [] }: Statement, { keyid }: Signer): number {
  const own = headKeys.find(({ key }) => signingKeyId('head', Buffer.from(key, 'hex')) === keyid);
  return own ? Date.parse(own.notAfter) : Number.POSITIVE_INFINITY;
}

/** The keys that may have signed a head. Undefined under `auth` "mac". */
function signedHeadVerifiers({ parameters }: Dataset, statement: Statement, head: Head): Verifier[] | undefined {
  const { publisher } = parameters;
  if (publisher === undefined) return undefined;
  return [
    createNodeVerifier('publisher', Buffer.from(publisher, 'hex')),
    ...headKeysFor(statement, head).map((key) => createNodeVerifier('head', key)),
  ];
}

/**
 * Reads the head of a snapshot. Its signature is checked against its statement; a MAC only with a
 * seal key.
 * @throws StoreError `HEAD_CORRUPT`
 */
export function readHead(dataset: Dataset, name: string, { statement, sha256 }: Stated, sealKey?: SealKey): HeadFile {
  const corrupt = (why: string, cause?: unknown): StoreError =>
    new StoreError(
      'HEAD_CORRUPT',
      `snapshot ${name}: its head ${why}`,
      `Run: credveil publish ${dataset.folder} --renew`,
      { cause },
    );
  try {
    const envelope = readRegularBytes(headPath(dataset, name), HEAD_KIND.maxBytes, (why) => corrupt(`is ${why}`));
    const { envelope: decoded, head } = decodeHead(envelope);
    const verifiers = signedHeadVerifiers(dataset, statement, head) ?? (sealKey && [createMac(sealKey)]);
    if (verifiers) verifyEnvelope(HEAD_KIND, decoded, verifiers);
    if (head.dataset !== dataset.id || head.sequence !== statement.sequence || head.statement !== sha256)
      throw corrupt('belongs to another statement');
    return { head, envelope };
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    throw corrupt(cause instanceof ProtocolError ? `is invalid (${cause.code})` : 'cannot be read', cause);
  }
}

/** The list of sources, by which the statement's digest is made. */
export function encodeSources(sources: readonly LeakSource[]): Uint8Array {
  return utf8ToBytes(JSON.stringify(publicSources(sources)));
}

/** Without what a source contains, which is for the operator alone. */
export function publicSources(sources: readonly LeakSource[]): LeakSource[] {
  return sources.map(({ number, name, date }) => ({ number, name, ...(date === undefined ? {} : { date }) }));
}
