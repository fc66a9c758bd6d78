// The worked examples of PROTOCOL.md for keys of publishers, statements and heads: §8, §9, §10.

import { createHash, sign } from 'node:crypto';
import type { HeadKey, HmacKey, LayerId, PublisherKey, SigningSeed } from '../../../protocol/brands.ts';
import {
  createMac,
  HEAD_KIND,
  preAuthEncoding,
  type Signer,
  STATEMENT_KIND,
  sealEnvelope,
} from '../../../protocol/signed/envelope.ts';
import { encodeHead, parseHead } from '../../../protocol/signed/head.ts';
import {
  encodeStatement,
  parseStatement,
  payloadDigest,
  type Statement,
  snapshotIdOf,
} from '../../../protocol/signed/statement.ts';
import {
  formatHeadKey,
  formatHmacPin,
  formatSigningSeed,
  formatTrust,
  type SigningUse,
  signingKeyId,
} from '../../../protocol/signed/trust.ts';
import type { KeyedSuite } from '../../../protocol/suite.ts';
import type { KnownAnswer } from '../../../protocol/test-credentials.ts';
import { ed25519FromSeed, utf8 } from '../signed/samples.ts';
import type { ExampleFilter } from './filter-examples.ts';
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

/** The values of other sections that the statement has. */
export interface Stated {
  readonly key: HmacKey;
  readonly suite: KeyedSuite;
  readonly layer: LayerId;
  readonly canary: KnownAnswer;
  readonly filter: ExampleFilter;
}

/** The statement of PROTOCOL.md with the key, layer, canary and filter of the other examples. */
function exampleStatement(payload: string, { suite, layer, canary, filter }: Stated): Statement {
  const given = parseStatement(utf8(payload));
  const { file, blocks } = filter;
  const sha256 = createHash('sha256').update(file).digest('hex');
  const stated = { ...given.layers[0], id: layer, filter: { bytes: file.length, blocks, sha256 } };
  return { ...given, keyId: suite.keyId, canary, layers: [stated] };
}

export function computeSigningExamples(given: Given, stated: Stated): Rows {
  const { key, suite } = stated;
  const publisher = keyFrom('publisher', given('publisher.seed'));
  const head = keyFrom('head', given('head.seed'));
  const statement = exampleStatement(given('statement.payload'), stated);
  const { dataset, sequence } = statement;
  const payload = encodeStatement(statement);
  const times = { issuedAt: given('head.issuedAt'), validUntil: given('head.validUntil') };
  const headPayload = encodeHead(
    parseHead(utf8(JSON.stringify({ protocol: 2, dataset, sequence, statement: payloadDigest(payload), ...times }))),
  );
  const mac = createMac(suite.sealKey);
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
