// The worked examples of PROTOCOL.md for keys of publishers, statements and heads: §8, §9, §10.

import { sign } from 'node:crypto';
import type { HeadKey, HmacKey, PublisherKey, SealKey, SigningSeed } from '../../../protocol/brands.ts';
import {
  createMac,
  HEAD_KIND,
  preAuthEncoding,
  type Signer,
  STATEMENT_KIND,
  sealEnvelope,
} from '../../../protocol/signed/envelope.ts';
import { encodeHead, parseHead } from '../../../protocol/signed/head.ts';
import { encodeStatement, parseStatement, payloadDigest, snapshotIdOf } from '../../../protocol/signed/statement.ts';
import {
  formatHeadKey,
  formatHmacPin,
  formatSigningSeed,
  formatTrust,
  type SigningUse,
  signingKeyId,
} from '../../../protocol/signed/trust.ts';
import { ed25519FromSeed, utf8 } from '../signed/samples.ts';
import { fromHex, type Rows, toHex } from './oprf-examples.ts';

/** The given examples of this file. */
export const SIGNING_GIVEN = [
  'publisher.seed',
  'head.seed',
  'statement.payload',
  'head.issuedAt',
  'head.validUntil',
] as const;

type Given = (name: (typeof SIGNING_GIVEN)[number]) => string;

interface Key extends Signer {
  readonly text: string;
  readonly publicKey: Uint8Array;
}

function keyFrom(use: SigningUse, seed: string): Key {
  const { privateKey, publicKey } = ed25519FromSeed(seed);
  const keyid = signingKeyId(use, publicKey);
  const text = formatSigningSeed(use, keyid, fromHex<SigningSeed>(seed));
  return { text, publicKey, keyid, sign: (message) => sign(null, message, privateKey) };
}

/** @param key the key of §4, under which the statement is authentic */
export function computeSigningExamples(given: Given, key: HmacKey, sealKey: SealKey): Rows {
  const publisher = keyFrom('publisher', given('publisher.seed'));
  const head = keyFrom('head', given('head.seed'));
  const statement = parseStatement(utf8(given('statement.payload')));
  const { dataset, sequence } = statement;
  const payload = encodeStatement(statement);
  const times = { issuedAt: given('head.issuedAt'), validUntil: given('head.validUntil') };
  const headPayload = encodeHead(
    parseHead(utf8(JSON.stringify({ protocol: 2, dataset, sequence, statement: payloadDigest(payload), ...times }))),
  );
  const mac = createMac(sealKey);
  const encoding = preAuthEncoding(HEAD_KIND, headPayload);
  return [
    ...SIGNING_GIVEN.filter((name) => name !== 'statement.payload').map((name): [string, string] => [
      name,
      given(name),
    ]),
    ['publisher.key', toHex(publisher.publicKey)],
    ['publisher.keyText', publisher.text],
    ['head.key', toHex(head.publicKey)],
    ['head.keyText', head.text],
    ['head.publicKeyText', formatHeadKey(head.publicKey as HeadKey)],
    ['trustText', formatTrust({ dataset, publisher: publisher.publicKey as PublisherKey })],
    ['hmacPinText', formatHmacPin({ dataset, key })],
    ['statement.payload', Buffer.from(payload).toString()],
    ['statement.sha256', payloadDigest(payload)],
    ['statement.snapshot', snapshotIdOf(statement, payload)],
    ['statement.mac', toHex(mac.sign(preAuthEncoding(STATEMENT_KIND, payload)))],
    ['head.payload', Buffer.from(headPayload).toString()],
    ['head.encoding', Buffer.from(encoding).toString()],
    ['head.mac', toHex(mac.sign(encoding))],
    ['head.envelope', sealEnvelope(HEAD_KIND, headPayload, mac)],
    ['head.signature', toHex(head.sign(encoding))],
  ];
}
