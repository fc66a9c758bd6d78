// Statements and heads: what their parsers accept, and each reason to refuse. The tables of
// PROTOCOL.md §10 agree with those of the parsers.

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { LayerId } from '../../../protocol/brands.ts';
import { USERNAME_RULES } from '../../../protocol/normalize.ts';
import { encodeHead, HEAD_MEMBERS, headKeysFor, headSnapshotId, parseHead } from '../../../protocol/signed/head.ts';
import {
  encodeStatement,
  LAYER_INDEX_MEMBERS,
  LAYER_MEMBERS,
  type Layer,
  type LayerIndex,
  type Layers,
  parseStatement,
  payloadDigest,
  STATEMENT_MEMBERS,
  snapshotIdOf,
} from '../../../protocol/signed/statement.ts';
import { root } from '../../support/paths.ts';
import { errorCode, HEAD, SIGNED_STATEMENT, STATEMENT, utf8 } from '../../support/signed/samples.ts';

const statementCode = (change: object, base: object = STATEMENT): string =>
  errorCode(() => parseStatement(utf8(JSON.stringify({ ...base, ...change }))));
const headCode = (change: object): string => errorCode(() => parseHead(utf8(JSON.stringify({ ...HEAD, ...change }))));

describe('PROTOCOL.md §10', () => {
  const section =
    /^## 10\. .*?(?=^## 11\. )/ms.exec(fs.readFileSync(path.join(root, 'PROTOCOL.md'), 'utf8'))?.[0] ?? '';

  test.each([
    ['the statement', STATEMENT_MEMBERS],
    ['a layer', LAYER_MEMBERS],
    ['an index', LAYER_INDEX_MEMBERS],
    ['the head', HEAD_MEMBERS],
  ])('has a row for every member of %s', (name, members) => {
    const [, rows = ''] = new RegExp(`^\\| member of ${name} .*?\n(.*?)\n\n`, 'ms').exec(section) ?? [];
    const named = rows.split('\n').flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)]);
    expect(named.map(([, member]) => member).sort()).toEqual(Object.keys(members).sort());
  });
});

describe('a statement', () => {
  test.each([
    ['under a MAC', STATEMENT],
    ['with signatures', SIGNED_STATEMENT],
    ['with rules for usernames', { ...STATEMENT, usernameRules: USERNAME_RULES }],
  ])('%s survives encoding and parsing', (_what, statement) => {
    expect(parseStatement(encodeStatement(statement))).toEqual(statement);
  });

  test('has an id of its sequence number and the digest of its payload', () => {
    const payload = encodeStatement(STATEMENT);
    expect(snapshotIdOf(STATEMENT, payload)).toBe(`000007-${payloadDigest(payload).slice(0, 16)}`);
  });

  test('ignores unknown members, and drops them when it is encoded', () => {
    const later = utf8(JSON.stringify({ ...STATEMENT, later: { dataset: 'x' } }));
    expect(parseStatement(later)).toEqual(STATEMENT);
    expect(encodeStatement(parseStatement(later))).toEqual(encodeStatement(STATEMENT));
  });

  const [layer] = STATEMENT.layers;
  const { account, password } = layer.indexes;
  const added = (number: number, change: object = {}): Layer => ({
    ...{ ...layer, id: number.toString(16).padStart(32, '0') as LayerId },
    indexes: {
      account: { ...(account as LayerIndex), bodyBytes: [48], ...change },
      password: { ...(password as LayerIndex), bodyBytes: [64] },
    },
  });

  test('has up to eight layers', () => {
    const layers = [layer, ...[1, 2, 3, 4, 5, 6, 7].map((number) => added(number))] as unknown as Layers;
    const statement = { ...STATEMENT, layers };
    expect(parseStatement(encodeStatement(statement))).toEqual(statement);
  });

  test.each([
    ['another protocol', { protocol: 3 }],
    ['another suite', { suite: 'rot13' }],
    ['another normalization', { normalization: 2 }],
    ['another auth', { auth: 'none' }],
    ['an unknown rule for usernames', { usernameRules: ['punycode', 'yahoo-dashes'] }],
    ['rules for usernames in another order', { usernameRules: ['gmail-dots', 'punycode'] }],
    ['no rule for usernames', { usernameRules: [] }],
    ['a rule that is no list', { usernameRules: 'punycode' }],
    ['nine layers', { layers: Array.from({ length: 9 }, (_, i) => added(i)) }],
    ['no layer', { layers: [] }],
  ])('with %s is unsupported', (_what, change) => {
    expect(statementCode(change)).toBe('STATEMENT_UNSUPPORTED');
  });

  const withAccount = (change: object) => ({ layers: [{ ...layer, indexes: { account: { ...account, ...change } } }] });
  test.each([
    ['minSequence above sequence', { minSequence: 8 }],
    ['sequence 0', { sequence: 0 }],
    ['a sequence of 13 digits', { sequence: 1_000_000_000_000 }],
    ['a public key under hmac', { publicKey: 'ab'.repeat(32) }],
    ['oprf under a MAC', { suite: 'oprf', publicKey: 'ab'.repeat(32) }],
    ['head keys under a MAC', { headKeys: [] }],
    ['a root under a MAC', withAccount({ root: 'ab'.repeat(32) })],
    ['an account index without usernames', withAccount({ usernames: undefined })],
    ['27 prefix bits', withAccount({ prefixBits: 27 })],
    [
      'usernames in the password index',
      { layers: [{ ...layer, indexes: { password: { ...password, usernames: 1 } } }] },
    ],
    ['a filter of part of a block', { layers: [{ ...layer, filter: { ...layer.filter, bytes: 1105 } }] }],
    ['a filter without a password index', { layers: [{ ...layer, indexes: { account } }] }],
    ['similar without an account index', { layers: [{ ...layer, indexes: { password }, similar: true }] }],
    ['a time with milliseconds', { publishedAt: '2026-01-02T03:04:05.000Z' }],
    ['a time that does not exist', { publishedAt: '2026-02-30T03:04:05Z' }],
    ['a time with an offset', { publishedAt: '2026-01-02T03:04:05+00:00' }],
    ['hour 24', { publishedAt: '2026-01-02T24:00:00Z' }],
    [
      'rules for usernames without an account index',
      { usernameRules: ['punycode'], layers: [{ ...layer, indexes: { password } }] },
    ],
    ['no sources', { sources: undefined }],
    ['one layer twice', { layers: [layer, { ...added(1), id: layer.id }] }],
    ['layers of other prefixes', { layers: [layer, added(1, { prefixBits: 9 })] }],
    ['layers of other metadata', { layers: [layer, added(1, { metadataBytes: 3 })] }],
    ['a second layer of several lengths', { layers: [layer, added(1, { bodyBytes: [48, 64] })] }],
    [
      'a second layer without an index',
      { layers: [layer, { ...added(1), indexes: { account: added(1).indexes.account } }] },
    ],
    ['forms in the second layer alone', { layers: [layer, { ...added(1), similar: true }] }],
    ['a filter in the first layer alone', { layers: [layer, { ...added(1), filter: undefined }] }],
  ])('with %s is malformed', (_what, change) => {
    expect(statementCode(change)).toBe('STATEMENT_MALFORMED');
  });

  test.each([
    ['without head keys', { headKeys: undefined }],
    ['with nine head keys', { headKeys: new Array(9).fill(SIGNED_STATEMENT.headKeys?.[0]) }],
    ['without a root', { layers: STATEMENT.layers }],
    ['under oprf without a public key', { suite: 'oprf' }],
  ])('%s, if it is signed, is malformed', (_what, change) => {
    expect(statementCode(change, SIGNED_STATEMENT)).toBe('STATEMENT_MALFORMED');
  });

  test('under oprf has a public key and signatures', () => {
    const change = { suite: 'oprf', publicKey: 'ab'.repeat(32) };
    expect(statementCode(change, SIGNED_STATEMENT)).toBe('nothing');
  });

  test('with two members of one name is malformed', () => {
    const twice = JSON.stringify(STATEMENT).replace('"minSequence":1', '"minSequence":1,"minSequence":2');
    expect(errorCode(() => parseStatement(utf8(twice)))).toBe('STATEMENT_MALFORMED');
  });
});

describe('a head', () => {
  test('survives encoding and parsing, and names its snapshot', () => {
    expect(parseHead(encodeHead(HEAD))).toEqual(HEAD);
    expect(headSnapshotId(HEAD)).toBe('000007-9f86d081884c7d65');
  });

  test.each([
    ['that ends when it begins', { validUntil: HEAD.issuedAt }],
    ['that ends before it begins', { validUntil: '2026-01-01T03:04:05Z' }],
    ['of more than 7 days', { validUntil: '2026-01-09T03:04:06Z' }],
    ['without a sequence', { sequence: undefined }],
    ['with half a digest', { statement: 'ab'.repeat(16) }],
    ['of a malformed dataset', { dataset: 'ABCDEF0123456789' }],
  ])('%s is malformed', (_what, change) => {
    expect(headCode(change)).toBe('HEAD_MALFORMED');
  });

  test('of exactly 7 days is well formed', () => {
    expect(headCode({ validUntil: '2026-01-09T03:04:05Z' })).toBe('nothing');
  });

  test('of another protocol is unsupported', () => {
    expect(headCode({ protocol: 1 })).toBe('HEAD_UNSUPPORTED');
  });

  test('is signed by a delegated key only while that key is valid', () => {
    const until = (validUntil: string): number => headKeysFor(SIGNED_STATEMENT, { ...HEAD, validUntil }).length;
    expect(until('2027-01-02T03:04:05Z')).toBe(1);
    expect(until('2027-01-02T03:04:06Z')).toBe(0);
    expect(headKeysFor(STATEMENT, HEAD)).toEqual([]);
  });
});
