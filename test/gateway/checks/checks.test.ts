// The leak check of the gateway against a real service: files, verdicts, failures.

import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addClient } from '../../../access/client-file.ts';
import { createCheckerMemory } from '../../../gateway/checks/checker-memory.ts';
import { type Checks, createChecks } from '../../../gateway/checks/checks.ts';
import { readLeakFiles } from '../../../gateway/checks/leak-files.ts';
import { LEAKS_SCHEMA } from '../../../gateway/checks/leaks-schema.ts';
import { type CredveilServer, startServer } from '../../../server/server.ts';
import { createWorkPlace, type WorkPlace } from '../../support/credveil.ts';
import { type MadeDataset, makeDataset, seededKey, seededPairs } from '../../support/dataset.ts';
import { keyPinOf, trustPinOf } from '../../support/pins.ts';

const [leaked, other] = seededPairs(2, 20261129) as [
  { username: string; password: string },
  { username: string; password: string },
];
const FRESH = 'n3ver-leaked-anywhere';

let place: WorkPlace;
let made: MadeDataset;
let server: CredveilServer;

beforeAll(async () => {
  place = createWorkPlace();
  made = await makeDataset({ pairs: [leaked, other], similar: true });
  server = await startServer(made.folder, { port: 0 });
});
afterAll(async () => {
  await server.close();
  made.dispose();
  place.dispose();
});

function secretFile(name: string, text: string, mode = 0o600): string {
  const file = place.write(name, text);
  fs.chmodSync(file, mode);
  return file;
}

const keyFile = (): string => secretFile('leaks.pin', `${keyPinOf(made).key}\n`);

function checksWith(more: object = {}): Checks {
  const config = LEAKS_SCHEMA.parse({ url: server.url, keyFile: keyFile(), timeoutMs: 20_000, ...more });
  return createChecks(readLeakFiles(config), { passwordFilter: config.passwordFilter });
}

describe('a check', () => {
  test.each([
    ['a pair', { usernames: [leaked.username], passwords: [leaked.password] }, 'pair', '1'],
    [
      'a pair with blanks around its password',
      { usernames: [leaked.username], passwords: [` ${leaked.password} `] },
      'pair',
      '1',
    ],
    ['a username alone', { usernames: [leaked.username], passwords: [FRESH] }, 'username', '2'],
    [
      'a password of another user',
      { usernames: ['nobody@app.example'], passwords: [leaked.password] },
      'password',
      '4',
    ],
    ['a password without a username', { usernames: [], passwords: [leaked.password] }, 'password', '4'],
    ['nothing', { usernames: ['nobody@app.example'], passwords: [FRESH] }, 'clean', undefined],
    [
      'the worst of two usernames',
      { usernames: ['nobody@app.example', leaked.username], passwords: [leaked.password] },
      'pair',
      '1',
    ],
    [
      'the worst of four passwords with blanks',
      { usernames: [leaked.username], passwords: [' a', ' b', ' c', `${leaked.password} `] },
      'pair',
      '1',
    ],
    ['the worst of two passwords', { usernames: [leaked.username], passwords: [FRESH, leaked.password] }, 'pair', '1'],
  ])('finds %s, with and without shortcuts', async (_, credential, status, header) => {
    const checks = checksWith({ passwordFilter: true });
    await checks.ready();
    for (const verdict of [await checks.check(credential), await checks.checkEvenly(credential)]) {
      expect(verdict.status).toBe(status);
      expect(verdict.header).toBe(header);
    }
  });

  test('under oprf pins the publisher alone', async () => {
    const oblivious = await makeDataset({ suite: 'oprf', pairs: [leaked] });
    const evaluator = await startServer(oblivious.folder, { port: 0, key: oblivious.key });
    try {
      const config = LEAKS_SCHEMA.parse({ url: evaluator.url, ...trustPinOf(oblivious), timeoutMs: 20_000 });
      const checks = createChecks(readLeakFiles(config), { passwordFilter: false });
      const { status } = await checks.check({ usernames: [leaked.username], passwords: [leaked.password] });
      expect(status).toBe('pair');
    } finally {
      await evaluator.close();
      oblivious.dispose();
    }
  });

  test('is unknown where the service is away, which the request did not cause', async () => {
    const away = checksWith({ url: 'http://127.0.0.1:9' });
    const verdict = await away.check({ usernames: [leaked.username], passwords: [leaked.password] });
    expect(verdict).toEqual({ status: 'unknown', reason: 'NETWORK', isOfRequest: false });
    await expect(away.ready()).rejects.toMatchObject({ code: 'NETWORK' });
  });

  test.each([
    ['too many usernames', { usernames: Array.from({ length: 33 }, (_, i) => `user${i}`), passwords: [FRESH] }],
    ['too many passwords', { usernames: ['a'], passwords: [...'abcdefghi'] }],
    ['no value at all', { usernames: [''], passwords: [''] }],
    ['a password beyond the longest', { usernames: ['a'], passwords: ['x'.repeat(70_000)] }],
  ])('is unknown through the request with %s', async (_, credential) => {
    expect(await checksWith().check(credential)).toMatchObject({ status: 'unknown', isOfRequest: true });
  });
});

describe('a replica', () => {
  test('answers without the service, and says what became of its updates', async () => {
    const clientKey = addClient(place.at('copies.json'), 'copy', {}, { replica: true }).keyText as string;
    const clientKeyFile = secretFile('copy.key', `${clientKey}\n`);
    const [clientsFile, quotaFile] = [place.at('copies.json'), place.at('copies.quota')];
    const copied = await startServer(made.folder, { port: 0, clientsFile, quotaFile });
    const events: string[] = [];
    const from = { url: copied.url, clientKeyFile };
    const config = LEAKS_SCHEMA.parse({
      ...{ url: 'http://127.0.0.1:9', keyFile: keyFile(), passwordFilter: true },
      replica: { cache: place.at('leaks'), from, refreshMs: 1_000 },
    });
    const checks = createChecks(readLeakFiles(config), {
      passwordFilter: config.passwordFilter,
      onEvent: ({ event }) => events.push(event),
    });
    const asked = { usernames: [leaked.username], passwords: [leaked.password] };
    await expect(checks.ready()).rejects.toMatchObject({ code: 'REPLICA_MISSING' });
    await expect.poll(async () => (await checks.check(asked)).status).toBe('pair');
    expect((await checks.checkEvenly(asked)).status).toBe('pair');
    await checks.ready();
    expect(events).toContain('leaks-ready');
    await copied.close();
    await expect.poll(() => events).toContain('leaks-unavailable');
    expect((await checks.check(asked)).status).toBe('pair');
    checks.close();
  });
});

describe('the files of leaks', () => {
  const codeOf = (read: () => unknown): unknown => {
    try {
      read();
    } catch (error) {
      return (error as { code: unknown }).code;
    }
    return undefined;
  };
  const readWith = (more: object) => () => {
    const config = LEAKS_SCHEMA.parse({ url: 'http://127.0.0.1:9', ...more });
    createChecks(readLeakFiles(config), { passwordFilter: false });
  };

  test('are refused by name', () => {
    expect(codeOf(readWith({ keyFile: place.at('missing') }))).toBe('KEY_FILE_MISSING');
    const open = secretFile('open.pin', keyPinOf(made).key, 0o644);
    expect(codeOf(readWith({ keyFile: open }))).toBe('KEY_FILE_EXPOSED');
    const alone = secretFile('alone.key', made.key.revealText() as string);
    expect(codeOf(readWith({ keyFile: alone }))).toBe('KEY_FILE_MALFORMED');
    const text = secretFile('text.pin', 'no key at all');
    expect(codeOf(readWith({ keyFile: text }))).toBe('KEY_FILE_MALFORMED');
    expect(codeOf(readWith({ keyFile: keyFile(), clientKeyFile: text }))).toBe('KEY_FILE_MALFORMED');
    expect(codeOf(readWith({ trust: 'credveil-trust-2.nothing' }))).toBe('KEY_MALFORMED');
  });

  test('have a digest that follows their content', () => {
    const config = LEAKS_SCHEMA.parse({ url: 'http://127.0.0.1:9', keyFile: keyFile() });
    const before = readLeakFiles(config).digest;
    expect(readLeakFiles(config).digest).toBe(before);
    secretFile('leaks.pin', seededKey('hmac', 2).revealPin(made.dataset.id) as string);
    expect(readLeakFiles(config).digest).not.toBe(before);
  });
});

describe('the memory of checkers', () => {
  test('is a file of its owner alone, without the key', async () => {
    const memory = createCheckerMemory(place.at('state'));
    expect(await memory.load()).toBeUndefined();
    const config = LEAKS_SCHEMA.parse({ url: server.url, keyFile: keyFile() });
    const checks = createChecks(readLeakFiles(config), { memory, passwordFilter: false });
    await checks.ready();
    const file = path.join(place.at('state'), 'leaks.json');
    await expect.poll(() => fs.existsSync(file)).toBe(true);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    const secret = keyPinOf(made).key.split('.').at(-1) as string;
    expect(fs.readFileSync(file, 'utf8')).not.toContain(secret);
    await expect(
      createChecks(readLeakFiles(config), { memory, passwordFilter: false }).ready(),
    ).resolves.toBeUndefined();
  });
});
