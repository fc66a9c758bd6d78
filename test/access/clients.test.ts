// The client list: `credveil client`, the content of its file, and invalid files. PROTOCOL.md §18.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { test as base, describe, expect } from 'vitest';
import { addClient, readClients } from '../../access/client-file.ts';
import { clientKeyDigest, parseClientKeyText } from '../../protocol/keys.ts';
import { createWorkPlace, credveil, credveilJson, type WorkPlace } from '../support/credveil.ts';
import { perFile } from '../support/per-file.ts';

interface World {
  readonly place: WorkPlace;
  readonly dataset: string;
  /** The client file of the dataset. */
  readonly file: string;
}

async function openWorld(): Promise<World> {
  const place = createWorkPlace();
  const dataset = place.at('leaks');
  await credveil(['init', dataset, '--suite', 'hmac']);
  return { place, dataset, file: `${dataset}.clients.json` };
}

const test = base.extend<{ readonly world: World }>({ world: perFile(openWorld, ({ place }) => place.dispose()) });

describe('credveil client', () => {
  test('client add prints the key once and stores only its digest', async ({ world: { dataset, file } }) => {
    const added = await credveil(['client', 'add', dataset, 'login-eu', '--requests-per-minute', '600']);
    const key = parseClientKeyText(added.stdout);
    expect(added).toMatchObject({ code: 0, stdout: `${key}\n`, stderr: expect.stringContaining('not stored') });
    const text = fs.readFileSync(file, 'utf8');
    const secret = key.split('.')[2] as string;
    expect(text).not.toContain(secret);
    expect(text).not.toContain(Buffer.from(secret, 'base64url').toString('hex'));
    expect(text).toContain(clientKeyDigest(key));
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    for (const args of [[], ['--json']]) {
      const { stdout } = await credveil(['client', 'list', dataset, ...args]);
      expect(stdout).toContain('login-eu');
      expect(stdout).not.toContain(secret);
      expect(stdout).not.toContain(clientKeyDigest(key));
    }
  });

  test('client add says that the first client shuts out everybody else, once', async ({
    world: { dataset, place },
  }) => {
    const clientsFile = place.at('first.json');
    const add = async (name: string) => {
      const fingerprint = createHash('sha256').update(name).digest('hex');
      const terms = name === 'by-key' ? [] : ['--cert-fingerprint', fingerprint];
      return (await credveil(['client', 'add', dataset, name, ...terms, '--clients-file', clientsFile])).stderr;
    };
    const said = 'from now on the server answers clients of this list alone';
    expect(await add('by-certificate')).toContain(said);
    expect(await add('by-key')).not.toContain(said);
    await credveil(['client', 'revoke', dataset, 'by-certificate', '--clients-file', clientsFile]);
    await credveil(['client', 'revoke', dataset, 'by-key', '--clients-file', clientsFile]);
    expect(await add('again')).not.toContain(said);
  });

  test('client list prints name, id, quotas and creation time', async ({ world: { dataset } }) => {
    const quotas = ['--requests-per-day', '7', '--requests-per-minute', '0'];
    const { id } = (await credveilJson(['client', 'add', dataset, 'b', ...quotas])) as { id: string };
    const list = (await credveilJson(['client', 'list', dataset])) as { name: string }[];
    expect(list.find(({ name }) => name === 'b')).toEqual({
      name: 'b',
      id,
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      certificate: null,
      replica: false,
      quotas: { 'requests-per-day': 7, 'requests-per-minute': 0 },
    });
    expect((await credveil(['client', 'list', dataset])).stdout).toMatch(
      /^b .* key +- +0 requests\/minute, 7 requests\/day$/m,
    );
    expect(await credveilJson(['client', 'add', dataset, 'copies', '--replica'])).toMatchObject({ replica: true });
    expect((await credveil(['client', 'list', dataset])).stdout).toMatch(/^copies .* key +yes +-$/m);
  });

  test('client add refuses a quota of evaluations on a dataset of the hmac suite', async ({
    world: { dataset, place },
  }) => {
    const added = await credveil(['client', 'add', dataset, 'none', '--evaluations-per-day', '9']);
    expect(added).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('Use --requests-per-day.') });
    const oprf = place.at('oprf-quotas');
    await credveilJson(['init', oprf, '--suite', 'oprf']);
    expect(await credveilJson(['client', 'add', oprf, 'b', '--evaluations-per-day', '9'])).toMatchObject({
      quotas: { 'evaluations-per-day': 9 },
    });
  });

  test('client add accepts a certificate fingerprint instead of a key', async ({ world: { dataset } }) => {
    const fingerprint = Array.from({ length: 32 }, (_, i) => (i + 160).toString(16).toUpperCase()).join(':');
    const added = await credveilJson(['client', 'add', dataset, 'cert', '--cert-fingerprint', fingerprint]);
    expect(added).toMatchObject({ certificate: fingerprint.replaceAll(':', '').toLowerCase() });
    expect(added).not.toHaveProperty('key');
    expect((await credveil(['client', 'add', dataset, 'again', '--cert-fingerprint', fingerprint])).stderr).toContain(
      'CLIENT_EXISTS',
    );
  });

  test('client revoke removes a client', async ({ world: { dataset, file } }) => {
    await credveil(['client', 'add', dataset, 'gone']);
    expect((await credveil(['client', 'revoke', dataset, 'gone'])).code).toBe(0);
    expect(readClients(file)?.map(({ name }) => name)).not.toContain('gone');
    expect(await credveil(['client', 'revoke', dataset, 'gone'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('CLIENT_MISSING'),
    });
  });

  test.for([
    ['add', 'login-eu', 1, 'CLIENT_EXISTS'],
    ['add', 'Login', 2, 'CLIENT_NAME'],
    ['add', '../x', 2, 'CLIENT_NAME'],
    ['add', 'c --requests-per-day -1', 2, 'USAGE'],
    ['add', 'c --requests-per-day 1.5', 2, 'USAGE'],
    ['add', 'c --requests-per-day 1000000000001', 2, 'USAGE'],
    ['add', 'c --cert-fingerprint 00', 2, 'USAGE'],
  ] as const)('client %s %s exits with code %i and %s', async ([command, args, code, name], { world }) => {
    const { dataset, file } = world;
    const before = fs.readFileSync(file);
    const refused = await credveil(['client', command, dataset, ...args.split(' ')]);
    expect(refused).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(`error ${name}:`) });
    expect(fs.readFileSync(file)).toEqual(before);
  });

  test('client add fails without a dataset and creates no file', async ({ world: { place } }) => {
    expect((await credveil(['client', 'add', place.at('nothing'), 'x'])).stderr).toContain('DATASET_MISSING');
    expect(fs.existsSync(place.at('nothing.clients.json'))).toBe(false);
  });

  test('adding a client preserves the owner, group and mode of the list', ({ world: { place } }) => {
    const list = place.at('grouped.json');
    addClient(list, 'a', {});
    expect(fs.statSync(list).mode & 0o777).toBe(0o600);
    fs.chmodSync(list, 0o640);
    const groups = process.getgroups?.() ?? [];
    // Only root may give the file to a group it is not in.
    const gid = process.getuid?.() === 0 ? 12_345 : groups.at(-1);
    if (gid !== undefined) fs.chownSync(list, process.getuid?.() ?? 0, gid);
    addClient(list, 'b', {});
    const { mode, gid: kept } = fs.statSync(list);
    expect([mode & 0o777, kept]).toEqual([0o640, gid ?? kept]);
  });

  test('concurrent client add commands lose no client', async ({ world: { dataset, file } }) => {
    const names = Array.from({ length: 4 }, (_, i) => `at-once-${i}`);
    await Promise.all(names.map((name) => credveil(['client', 'add', dataset, name])));
    expect(readClients(file)?.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
  });
});

describe('client keys', () => {
  test('a malformed client key is rejected without appearing in the error', ({ world: { place } }) => {
    const { keyText = '' } = addClient(place.at('other.json'), 'a', {});
    expect(parseClientKeyText(` ${keyText}\n`)).toBe(keyText);
    const [label, id, secret] = keyText.split('.') as [string, string, string];
    for (const text of [
      '',
      secret,
      `${label}.${id}.${secret.slice(1)}`,
      `${label}.${id.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))}.${secret}`,
      // Differs only in the unused bits of the last character.
      `${label}.${id}.${secret.slice(0, -1)}${secret.endsWith('B') ? 'C' : 'B'}`,
      `credveil-client-2.${id}.${secret}`,
    ]) {
      let refused: Error | undefined;
      try {
        parseClientKeyText(text);
      } catch (error) {
        refused = error as Error;
      }
      expect(refused).toMatchObject({ code: 'KEY_MALFORMED' });
      expect(`${refused?.message}${refused?.stack}`).not.toContain(secret.slice(1));
    }
  });
});

describe('the client list file', () => {
  const client = {
    id: '0'.repeat(16),
    name: 'a',
    created: '2026-01-01T00:00:00Z',
    keyDigest: '0'.repeat(64),
    quotas: {},
  };
  /** A distinct client for each number. */
  const numbered = (i: number) => ({
    ...client,
    id: i.toString(16).padStart(16, '0'),
    name: `n${i}`,
    keyDigest: i.toString(16).padStart(64, '0'),
  });
  const list = (clients: unknown, more = {}): string => JSON.stringify({ format: 1, clients, ...more });

  test('a valid client list is read unchanged, and a missing one is undefined', ({ world: { place } }) => {
    const whole = {
      ...client,
      id: '1'.repeat(16),
      name: 'b',
      keyDigest: '1'.repeat(64),
      quotas: { 'requests-per-minute': 0, 'requests-per-day': 1e12 },
    };
    const { keyDigest: _, ...others } = client;
    const certified = { ...others, id: '2'.repeat(16), name: 'c', certificate: 'f'.repeat(64) };
    expect(readClients(place.write('clients.json', list([client, whole, certified])))).toEqual([
      client,
      whole,
      certified,
    ]);
    expect(readClients(place.at('no-such-file'))).toBeUndefined();
  });

  test.for(['2026-01-01T00:00Z', '2026-01-01T00:00:00.123456Z', '2028-02-29T23:59:59Z'])(
    'a client list with the creation time %s is read',
    (created, { world: { place } }) => {
      expect(readClients(place.write('clients.json', list([{ ...client, created }])))).toEqual([
        { ...client, created },
      ]);
    },
  );

  const invalid: [title: string, text: string][] = [
    ['another format', list([], { format: 2 })],
    ['an unknown member', list([], { more: 1 })],
    ['an unknown member of a client', list([{ ...client, admin: true }])],
    ['an unknown quota', list([{ ...client, quotas: { 'requests-per-hour': 1 } }])],
    ['a quota that is not a number', list([{ ...client, quotas: { 'requests-per-day': '1' } }])],
    ['a negative quota', list([{ ...client, quotas: { 'requests-per-day': -1 } }])],
    ['a fractional quota', list([{ ...client, quotas: { 'requests-per-day': 0.5 } }])],
    ['a quota above the maximum', list([{ ...client, quotas: { 'requests-per-day': 1e12 + 1 } }])],
    ['a quota of null', list([{ ...client, quotas: { 'requests-per-day': null } }])],
    ['a quota named __proto__', list([client]).replace('{}', '{"__proto__":1}')],
    ['quotas that are an array', list([{ ...client, quotas: [] }])],
    ['a client without quotas', list([{ ...client, quotas: undefined }])],
    ['a client of null', list([null])],
    ['an id in upper case', list([{ ...client, id: 'A'.repeat(16) }])],
    ['a name that is not text', list([{ ...client, name: 1 }])],
    ['a key digest that is too short', list([{ ...client, keyDigest: '0'.repeat(63) }])],
    ['a key digest of null', list([{ ...client, keyDigest: null, certificate: '0'.repeat(64) }])],
    ['a creation time without a zone', list([{ ...client, created: '2026-01-01T00:00:00' }])],
    ['a creation time of another zone', list([{ ...client, created: '2026-01-01T00:00:00+01:00' }])],
    ['a creation date without a time', list([{ ...client, created: '2026-01-01' }])],
    ['a creation day that does not exist', list([{ ...client, created: '2026-02-29T00:00:00Z' }])],
    ['a creation hour that does not exist', list([{ ...client, created: '2026-01-01T24:00:00Z' }])],
    ['a creation time that ends with a line feed', list([{ ...client, created: '2026-01-01T00:00:00Z\n' }])],
    ['a client with neither key nor certificate', list([{ ...client, keyDigest: undefined }])],
    ['a client with both a key and a certificate', list([{ ...client, certificate: '0'.repeat(64) }])],
    ['an invalid client name', list([{ ...client, name: 'A' }])],
    ['a duplicate id', list([client, { ...client, name: 'b', keyDigest: '1'.repeat(64) }])],
    ['a duplicate name', list([client, { ...client, id: '1'.repeat(16), keyDigest: '1'.repeat(64) }])],
    ['a duplicate key', list([client, { ...client, name: 'b', id: '1'.repeat(16) }])],
    ['clients that are no array', list({})],
    ['no clients', list(undefined)],
    ['an array at its top', '[]'],
    ['null at its top', 'null'],
    ['malformed JSON', 'marked{'],
    ['no content', ''],
    ['more bytes than the limit', ' '.repeat(2 ** 24 + 1)],
    [`${2 ** 16 + 1} clients`, list(Array.from({ length: 2 ** 16 + 1 }, (_, i) => numbered(i)))],
  ];
  test.for(invalid)('a client list with %s is rejected', ([, text], { world: { place } }) => {
    const path = place.write('clients.json', text);
    expect(() => readClients(path)).toThrow(
      expect.objectContaining({ code: 'CLIENTS_MALFORMED', message: expect.not.stringContaining('marked') }),
    );
  });

  test.for([
    ['clients.1.quotas.requests-per-day', list([client, { ...client, quotas: { 'requests-per-day': 'marked' } }])],
    ['clients.0', list([{ ...client, marked: 1 }])],
    ['clients', list('marked')],
    ['its top', list([], { marked: 1 })],
  ] as const)('the error of a client list names %s and repeats nothing of the file', ([at, text], { world }) => {
    const path = world.place.write('clients.json', text);
    expect(() => readClients(path)).toThrow(`clients file ${path}: not a valid list of clients at ${at}`);
    expect(() => readClients(path)).not.toThrow('marked');
  });

  test('a client list that group or others may write is rejected', ({ world: { place } }) => {
    const path = place.write('clients.json', list([client]));
    fs.chmodSync(path, 0o622);
    expect(() => readClients(path)).toThrow(expect.objectContaining({ code: 'CLIENTS_EXPOSED' }));
    fs.chmodSync(path, 0o640);
    expect(readClients(path)).toHaveLength(1);
  });
});
