// Vectors of PROTOCOL.md §8 to §10 and §14: heads and statements as a client gets them, and one to
// refuse for each reason.

import type { HmacKey, PublisherKey } from '../../../protocol/brands.ts';
import {
  createMac,
  type EnvelopeKind,
  HEAD_KIND,
  type Signer,
  STATEMENT_KIND,
  sealEnvelope,
} from '../../../protocol/signed/envelope.ts';
import { headSnapshotId } from '../../../protocol/signed/head.ts';
import { payloadDigest } from '../../../protocol/signed/statement.ts';
import { formatHmacPin, formatTrust } from '../../../protocol/signed/trust.ts';
import { knownAnswer } from '../../../protocol/test-credentials.ts';
import { fromHex, toHex } from '../examples/oprf-examples.ts';
import { createSigner, HEAD, STATEMENT, utf8 } from '../signed/samples.ts';
import { hmacSuite, KEY, keyedOprf } from './inputs.ts';

const NOW = '2026-01-02T04:00:00Z';
const publisher = createSigner('publisher', 1);
const headKey = createSigner('head', 2);
const mac = createMac(hmacSuite().sealKey);
const PIN = formatHmacPin({ dataset: STATEMENT.dataset, key: fromHex<HmacKey>(KEY) });
const TRUST = formatTrust({ dataset: STATEMENT.dataset, publisher: publisher.publicKey as PublisherKey });

// biome-ignore lint/suspicious/noExplicitAny: the vectors have what no type allows.
type Json = any;

const base = (): Json => structuredClone({ ...STATEMENT, keyId: hmacSuite().keyId, canary: knownAnswer(hmacSuite()) });

const signedBase = (): Json => {
  const suite = keyedOprf();
  const statement = base();
  for (const index of Object.values<Json>(statement.layers[0].indexes)) index.root = 'ef'.repeat(32);
  return Object.assign(statement, {
    ...{ suite: 'oprf', keyId: suite.keyId, canary: knownAnswer(suite), auth: 'signature' },
    publicKey: toHex(suite.publicKey as Uint8Array),
    headKeys: [{ key: toHex(headKey.publicKey), notAfter: '2027-01-02T03:04:05Z' }],
  });
};

interface Change {
  readonly statement?: (statement: Json) => void;
  readonly head?: (head: Json) => void;
  /** Of the payload's text, after JSON. */
  readonly statementText?: (text: string) => string;
  readonly headText?: (text: string) => string;
  /** Of the whole answer. */
  readonly statementEnvelope?: (text: string) => string;
  readonly headEnvelope?: (text: string) => string;
  readonly statementSigner?: Signer;
  readonly headSigner?: Signer;
  readonly now?: string;
}

interface Pinned {
  readonly pin: { readonly key: string } | { readonly trust: string };
  readonly make: () => Json;
  readonly statementSigner: Signer;
  readonly headSigner: Signer;
}

const MAC: Pinned = { pin: { key: PIN }, make: base, statementSigner: mac, headSigner: mac };
const SIGNED: Pinned = { pin: { trust: TRUST }, make: signedBase, statementSigner: publisher, headSigner: headKey };

const same = (text: string): string => text;

function envelopeOf(
  kind: EnvelopeKind,
  json: Json,
  text: (text: string) => string,
  signer: Signer,
): [Uint8Array, string] {
  const payload = utf8(text(JSON.stringify(json)));
  return [payload, sealEnvelope(kind, payload, signer)];
}

function make(name: string, code: string | null, pinned: Pinned, change: Change = {}) {
  const statement = pinned.make();
  change.statement?.(statement);
  const [payload, stated] = envelopeOf(
    STATEMENT_KIND,
    statement,
    change.statementText ?? same,
    change.statementSigner ?? pinned.statementSigner,
  );
  const head: Json = { ...HEAD, statement: payloadDigest(payload) };
  change.head?.(head);
  const signer = change.headSigner ?? pinned.headSigner;
  const [, envelope] = envelopeOf(HEAD_KIND, head, change.headText ?? same, signer);
  return {
    ...{ name, code, ...pinned.pin, now: change.now ?? NOW, snapshot: code === null ? headSnapshotId(head) : null },
    ...{ head: (change.headEnvelope ?? same)(envelope), statement: (change.statementEnvelope ?? same)(stated) },
  };
}

const layerOf = ({ layers: [layer] }: Json): Json => layer;

/** Another layer of a statement, with one length for each index. */
function addedTo(one: Json, number: number): Json {
  const layer = structuredClone(layerOf(one));
  for (const index of Object.values<Json>(layer.indexes)) index.bodyBytes = [48];
  return { ...layer, id: number.toString(16).padStart(32, '0') };
}

function changed(layer: Json, account: object): Json {
  Object.assign(layer.indexes.account, account);
  return layer;
}
const twice = (text: string): string => text.replace('"sequence":7', '"sequence":7,"sequence":7');

const heads = () => [
  make('a head that is no JSON', 'HEAD_MALFORMED', MAC, { headEnvelope: () => '<html>' }),
  make('a byte order mark', 'HEAD_MALFORMED', MAC, { headEnvelope: (text) => `\ufeff${text}` }),
  make('an envelope of more than 4,096 bytes', 'HEAD_MALFORMED', MAC, {
    headEnvelope: (text) => text + ' '.repeat(4096),
  }),
  make('a head in the place of another kind', 'HEAD_MALFORMED', MAC, {
    headEnvelope: (text) => text.replace('head.v2', 'snapshot.v2'),
  }),
  make('two signatures', 'HEAD_MALFORMED', MAC, {
    headEnvelope: (text) => text.replace(/"signatures":\[(.*)\]/, '"signatures":[$1,$1]'),
  }),
  make('no signature', 'HEAD_MALFORMED', MAC, {
    headEnvelope: (text) => text.replace(/"signatures":\[.*\]/, '"signatures":[]'),
  }),
  make('base64 that is not canonical', 'HEAD_MALFORMED', MAC, {
    headEnvelope: (text) =>
      text.replace(/(.)=("}\])/, (_, last, end) => `${String.fromCharCode(last.charCodeAt(0) + 1)}=${end}`),
  }),
  make('two members of one name', 'HEAD_MALFORMED', MAC, { headText: twice }),
  make('another protocol', 'HEAD_UNSUPPORTED', MAC, { head: (head) => (head.protocol = 3) }),
  make('more than 7 days', 'HEAD_MALFORMED', MAC, { head: (head) => (head.validUntil = '2026-01-09T03:04:06Z') }),
  make('a time with milliseconds', 'HEAD_MALFORMED', MAC, {
    head: (head) => (head.issuedAt = '2026-01-02T03:04:05.000Z'),
  }),
  make('a head by another key', 'HEAD_FORGED', MAC, { headSigner: createMac(new Uint8Array(32) as never) }),
  make('a head by a key that the statement does not allow', 'HEAD_FORGED', SIGNED, {
    headSigner: createSigner('head', 3),
  }),
  make('a head that outlives the delegation', 'HEAD_FORGED', SIGNED, {
    statement: (one) => (one.headKeys[0].notAfter = '2026-01-02T05:00:00Z'),
  }),
  make('the sequence of another statement', 'HEAD_FORGED', SIGNED, { head: (head) => (head.sequence = 8) }),
  make('a head of another dataset', 'DATASET_MISMATCH', MAC, { head: (head) => (head.dataset = 'fedcba9876543210') }),
  make('a head after validUntil', 'SNAPSHOT_STALE', MAC, { now: '2026-01-03T04:04:06Z' }),
  make('a head older than 25 hours', 'SNAPSHOT_STALE', MAC, {
    now: '2026-01-03T04:04:06Z',
    head: (head) => (head.validUntil = '2026-01-08T00:00:00Z'),
  }),
  make('a head from the future', 'CLOCK_WRONG', MAC, { now: '2026-01-02T02:59:04Z' }),
];

const statements = () => [
  make('a statement by another key', 'STATEMENT_FORGED', MAC, {
    statementSigner: createMac(new Uint8Array(32) as never),
  }),
  make('a statement by a head key', 'STATEMENT_FORGED', SIGNED, { statementSigner: headKey }),
  make('a statement that the head does not name', 'STATEMENT_FORGED', MAC, {
    head: (head) => (head.statement = '00'.repeat(32)),
  }),
  make('a statement of another dataset', 'DATASET_MISMATCH', MAC, {
    statement: (one) => (one.dataset = 'fedcba9876543210'),
  }),
  make('another key of the suite', 'KEY_MISMATCH', MAC, { statement: (one) => (one.keyId = '00'.repeat(8)) }),
  ...(
    [
      ['another protocol', (one) => (one.protocol = 1)],
      ['another suite', (one) => (one.suite = 'rot13')],
      ['another normalization', (one) => (one.normalization = 2)],
      ['an unknown rule for usernames', (one) => (one.usernameRules = ['punycode', 'yahoo-dashes'])],
      ['another auth', (one) => (one.auth = 'none')],
      ['no layer', (one) => (one.layers = [])],
      ['nine layers', (one) => (one.layers = Array.from({ length: 9 }, (_, i) => addedTo(one, i)))],
    ] as [string, (one: Json) => void][]
  ).map(([name, statement]) => make(name, 'STATEMENT_UNSUPPORTED', MAC, { statement })),
  ...(
    [
      ['no dataset', (one) => delete one.dataset],
      ['a number as text', (one) => (one.sequence = '7')],
      ['a number that is no integer', (one) => (one.sequence = 7.5)],
      ['minSequence above sequence', (one) => (one.minSequence = 8)],
      ['a public key under hmac', (one) => (one.publicKey = 'ab'.repeat(32))],
      ['oprf under a MAC', (one) => Object.assign(one, { suite: 'oprf', publicKey: 'ab'.repeat(32) })],
      ['head keys under a MAC', (one) => (one.headKeys = [])],
      ['hex in upper case', (one) => (one.keyId = 'ABCDEF0123456789')],
      ['a day that does not exist', (one) => (one.publishedAt = '2026-02-30T03:04:05Z')],
      ['27 prefix bits', (one) => (layerOf(one).indexes.account.prefixBits = 27)],
      ['two bytes of metadata', (one) => (layerOf(one).indexes.account.metadataBytes = 2)],
      ['lengths that do not ascend', (one) => (layerOf(one).indexes.account.bodyBytes = [80, 80])],
      ['no lengths', (one) => (layerOf(one).indexes.account.bodyBytes = [])],
      ['an account index without usernames', (one) => delete layerOf(one).indexes.account.usernames],
      ['usernames in the password index', (one) => (layerOf(one).indexes.password.usernames = 1)],
      ['a root under a MAC', (one) => (layerOf(one).indexes.account.root = 'ab'.repeat(32))],
      ['similar that is false', (one) => (layerOf(one).similar = false)],
      ['a filter of part of a block', (one) => (layerOf(one).filter.bytes = 1105)],
      ['a filter without a password index', (one) => delete layerOf(one).indexes.password],
      ['a layer twice', (one) => one.layers.push({ ...addedTo(one, 1), id: layerOf(one).id })],
      ['layers of other prefixes', (one) => one.layers.push(changed(addedTo(one, 1), { prefixBits: 9 }))],
      ['layers of other metadata', (one) => one.layers.push(changed(addedTo(one, 1), { metadataBytes: 0 }))],
      ['a second layer of two lengths', (one) => one.layers.push(changed(addedTo(one, 1), { bodyBytes: [48, 64] }))],
      ['a second layer without an index', (one) => one.layers.push({ ...addedTo(one, 1), indexes: {} })],
      ['a second layer with forms', (one) => one.layers.push({ ...addedTo(one, 1), similar: true })],
      ['a second layer without a filter', (one) => one.layers.push({ ...addedTo(one, 1), filter: undefined })],
      ['a list of sources of one byte', (one) => (one.sources.bytes = 1)],
    ] as [string, (one: Json) => void][]
  ).map(([name, statement]) => make(name, 'STATEMENT_MALFORMED', MAC, { statement })),
  make('two members of one name, in the statement', 'STATEMENT_MALFORMED', MAC, { statementText: twice }),
  make('an unpaired surrogate', 'STATEMENT_MALFORMED', MAC, {
    statementText: (text) => text.replace('{', '{"x":"\\ud800",'),
  }),
  make('no root', 'STATEMENT_MALFORMED', SIGNED, { statement: (one) => delete layerOf(one).indexes.account.root }),
  make('nine head keys', 'STATEMENT_MALFORMED', SIGNED, {
    statement: (one) => (one.headKeys = Array(9).fill(one.headKeys[0])),
  }),
];

export const snapshots = () => [
  make('under a MAC', null, MAC),
  make('with signatures, the head by a delegated key', null, SIGNED),
  make('with signatures, the head by the publisher', null, { ...SIGNED, headSigner: publisher }),
  make('unknown members', null, MAC, {
    statement: (one) => (one.later = { dataset: 1 }),
    head: (head) => (head.later = 1),
  }),
  make('a number that JSON writes in another way', null, MAC, {
    statementText: (text) => text.replace('"sequence":7', '"sequence":7.0'),
  }),
  make('the last second', null, MAC, { now: HEAD.validUntil }),
  make('a clock that is 300 s behind', null, MAC, { now: '2026-01-02T02:59:05Z' }),
  ...heads(),
  ...statements(),
];

/** Lines that clients pin. */
export const pins = () => [
  ...[PIN, ` ${PIN}\r\n`].map((line) => ({ kind: 'hmac', line, valid: true })),
  ...[TRUST].map((line) => ({ kind: 'trust', line, valid: true })),
  ...[`${PIN}A`, PIN.slice(0, -1), PIN.replace(/.$/, '9'), PIN.toUpperCase(), PIN.replace('-2', '-1')].map((line) => ({
    ...{ kind: 'hmac', line, valid: false },
  })),
  ...[PIN, TRUST.replace(/.$/, (last) => String.fromCharCode(last.charCodeAt(0) + 1))].map((line) => ({
    ...{ kind: 'trust', line, valid: false },
  })),
  {
    kind: 'hmac',
    line: formatHmacPin({ dataset: STATEMENT.dataset, key: new Uint8Array(32) as HmacKey }),
    valid: false,
  },
];
