// /v1/config has one description, the tables of service-config.ts. The OpenAPI schema and
// PROTOCOL.md §10 agree with it.

import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { SealKey } from '../../protocol/brands.ts';
import { computeConfigSeal } from '../../protocol/config-seal.ts';
import { CONFIG_INDEXES, CONFIG_MEMBERS, parseServiceConfig } from '../../protocol/service-config.ts';
import { CANARY_MEMBERS, FILTER_MEMBERS, INDEX_MEMBERS, SOURCE_MEMBERS } from '../../protocol/signed/parts.ts';
import { SCHEMAS } from '../../server/api/schemas.ts';
import { readExamples } from '../support/examples/protocol-examples.ts';

interface ObjectSchema {
  readonly properties: { readonly [name: string]: ObjectSchema };
  readonly required?: readonly string[];
  readonly items: ObjectSchema;
}

const protocol = fs.readFileSync(new URL('../../PROTOCOL.md', import.meta.url), 'utf8');
const section = /^## 10\. .*?(?=^## 11\. )/ms.exec(protocol)?.[0] ?? '';
const example = JSON.parse(readExamples(protocol).get('config.json') ?? '');
const schema = z.toJSONSchema(SCHEMAS.ServiceConfig) as unknown as ObjectSchema;

type Table = { readonly [name: string]: { readonly isOptional: boolean } };

const namesOf = (members: object): string[] => Object.keys(members).sort();
const requiredOf = (members: Table): string[] => namesOf(members).filter((name) => !members[name]?.isOptional);
const property = ({ properties }: ObjectSchema, name: string): ObjectSchema => {
  const found = properties[name];
  if (!found) throw new Error(`the schema lacks ${name}`);
  return found;
};

/** Each table with its object in the OpenAPI schema and in the example of PROTOCOL.md. */
const DOCUMENTS: [string, Table, () => ObjectSchema, object][] = [
  ['the config', CONFIG_MEMBERS, () => schema, { ...example, publicKey: '', similar: true }],
  ['indexes', CONFIG_INDEXES, () => property(schema, 'indexes'), example.indexes],
  [
    'an index',
    INDEX_MEMBERS,
    () => property(property(schema, 'indexes'), 'account'),
    { ...example.indexes.account, root: '' },
  ],
  ['filter', FILTER_MEMBERS, () => property(schema, 'filter'), example.filter],
  ['a source', SOURCE_MEMBERS, () => property(schema, 'sources').items, example.sources[0]],
  ['canary', CANARY_MEMBERS, () => property(schema, 'canary'), example.canary],
];

describe('the tables of /v1/config', () => {
  test.each(DOCUMENTS)('the OpenAPI schema of %s has the members of the table', (_name, members, find) => {
    const { properties, required = [] } = find();
    expect(namesOf(properties)).toEqual(namesOf(members));
    expect([...required].sort()).toEqual(requiredOf(members));
  });

  test.each(DOCUMENTS)(
    'the example of %s in PROTOCOL.md §10 has the members of the table',
    (_name, members, _find, document) => {
      expect(namesOf(document)).toEqual(namesOf(members));
    },
  );

  test('the table of PROTOCOL.md §10 has a row for every member', () => {
    const [, table = ''] = /^(\| *member .*?)^$/ms.exec(section) ?? [];
    const rows = table
      .split('\n')
      .slice(2)
      .map((row) => row.split('|')[1] ?? '');
    const named = rows.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name));
    expect(named.sort()).toEqual(namesOf(CONFIG_MEMBERS));
  });

  test('PROTOCOL.md §10 lists the optional members', () => {
    const [sentence = ''] = /^A client MUST refuse a document that lacks .*?\n\n/ms.exec(section) ?? [];
    const optional = namesOf(CONFIG_MEMBERS).filter((name) => !requiredOf(CONFIG_MEMBERS).includes(name));
    for (const name of [...optional, 'date']) expect(sentence).toContain(`\`${name}\``);
  });
});

describe('parseServiceConfig', () => {
  const code = (document: unknown): string => {
    try {
      parseServiceConfig(document);
      return 'parsed';
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  const { indexes } = example;

  test('parseServiceConfig parses the example of PROTOCOL.md unchanged, with its members in the order of the table', () => {
    const config = parseServiceConfig(example);
    expect(config).toEqual(example);
    const order = Object.keys(CONFIG_MEMBERS).filter((name) => name in config);
    expect(Object.keys(config)).toEqual(order);
  });

  test('parseServiceConfig ignores unknown members', () => {
    const filter = { ...example.filter, url: 'x' };
    expect(parseServiceConfig({ ...example, later: 1, filter })).toEqual(example);
  });

  test.each(requiredOf(CONFIG_MEMBERS))('parseServiceConfig rejects a config without %s', (member) => {
    const unsupported = ['protocol', 'suite', 'normalization'].includes(member);
    const { [member]: _, ...document } = example;
    expect(code(document)).toBe(unsupported ? 'CONFIG_UNSUPPORTED' : 'CONFIG_MALFORMED');
  });

  test.each([
    ['a filter without a password index', { indexes: { account: indexes.account } }],
    ['similar without an account index', { similar: true, filter: undefined, indexes: { password: indexes.password } }],
    ['similar that is false', { similar: false }],
    ['a filter of part of a block', { filter: { bytes: example.filter.bytes + 1 } }],
    ['a filter without blocks', { filter: { bytes: 80 } }],
    ['sizes that do not ascend', { indexes: { account: { ...indexes.account, bodyBytes: [512, 512] } } }],
    ['no sizes', { indexes: { account: { ...indexes.account, bodyBytes: [] } } }],
    ['metadata of two bytes', { indexes: { account: { ...indexes.account, metadataBytes: 2 } } }],
    ['oprf without a public key', { suite: 'oprf' }],
    ['a malformed public key', { suite: 'oprf', publicKey: 'AB' }],
  ])('parseServiceConfig rejects %s', (_what, change) => {
    expect(code({ ...example, ...change })).toBe('CONFIG_MALFORMED');
  });

  test('parseServiceConfig ignores a public key under hmac, which the seal does not cover', () => {
    const key = new Uint8Array(32) as SealKey;
    const config = parseServiceConfig({ ...example, publicKey: 'ab' });
    expect(config).not.toHaveProperty('publicKey');
    expect(computeConfigSeal(config, key)).toBe(computeConfigSeal(example, key));
  });
});
