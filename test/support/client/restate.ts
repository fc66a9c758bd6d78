// Heads and statements that a test alters, and signs or seals again.

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import {
  createMac,
  decodeEnvelope,
  type EnvelopeKind,
  HEAD_KIND,
  type Signer,
  STATEMENT_KIND,
  sealEnvelope,
} from '../../../protocol/signed/envelope.ts';
import type { MadeDataset } from '../dataset.ts';
import type { Answer } from '../http-front.ts';

export type Json = Record<string, unknown>;
export type Change = (payload: Json) => object;

export const isHead = (url: string): boolean => url === '/v1/head';
export const isStatement = (url: string): boolean => url.startsWith('/v1/statement/');

/** Whoever may sign for the dataset. */
export const signerOf = ({ publisher, suite }: MadeDataset): Signer => publisher ?? createMac(suite.sealKey);

export const payloadOf = (kind: EnvelopeKind, body: Uint8Array): Json =>
  JSON.parse(Buffer.from(decodeEnvelope(kind, body).payload).toString()) as Json;

export function envelopeOf(kind: EnvelopeKind, payload: Json, signer: Signer): Buffer {
  return Buffer.from(sealEnvelope(kind, utf8ToBytes(JSON.stringify(payload)), signer));
}

/** Alters heads on their way. @param signer signs them again; by default as their publisher does */
export function changeHead(made: MadeDataset, change: Change, signer: Signer = signerOf(made)) {
  return (answer: Answer, url: string): void => {
    if (!isHead(url) || answer.status !== 200) return;
    const payload = payloadOf(HEAD_KIND, answer.body);
    answer.body = envelopeOf(HEAD_KIND, { ...payload, ...change(payload) }, signer);
  };
}

/**
 * Alters statements on their way, and the heads that name them: the head of a front names the
 * altered statement.
 * @param original the answer of the real /v1/statement
 * @param signers by default their publisher
 */
export function changeStatement(
  made: MadeDataset,
  original: Uint8Array,
  change: Change,
  { signer = signerOf(made), headSigner = signerOf(made) }: { signer?: Signer; headSigner?: Signer } = {},
) {
  const payload = payloadOf(STATEMENT_KIND, original);
  const altered = { ...payload, ...change(payload) };
  const digest = bytesToHex(sha256(utf8ToBytes(JSON.stringify(altered))));
  const body = envelopeOf(STATEMENT_KIND, altered, signer);
  const name = changeHead(made, () => ({ statement: digest, sequence: altered.sequence }), headSigner);
  return (answer: Answer, url: string): void => {
    name(answer, url);
    if (isStatement(url)) Object.assign(answer, { status: 200, body });
  };
}
