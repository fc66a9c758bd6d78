// Verdicts of the client over a real server and real datasets, and the requests that it sends.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLeakChecker, type LeakCheckerOptions, type Verdict } from '../../client-sdk/index.ts';
import { CANARY } from '../../protocol/test-credentials.ts';
import { type CredveilServer, startServer } from '../../server/server.ts';
import { type MadeDataset, makeDataset, seededPairs, seededPasswords } from '../support/dataset.ts';
import { forward, type HttpFront, send, startFront } from '../support/http-front.ts';
import { keyPinOf } from '../support/pins.ts';

// Reached only if something hangs: no test here depends on time.
const timeoutMs = 60_000;
const LEAKED = { username: 'Ada@Example.test', password: 'Correct Horse 7' };
const REPEATED = { username: 'bob@example.test', password: 'hunter2', times: 100 };
const NAMELESS = 'only-a-password';

let made: MadeDataset;
let server: CredveilServer;
const optionsFor = (dataset: MadeDataset, url: string | URL): LeakCheckerOptions => ({
  url,
  ...keyPinOf(dataset),
  timeoutMs,
});
const results = ({ signals }: Verdict) =>
  `${signals.pair.result} ${signals.password.result} ${signals.username.result}` as const;

beforeAll(async () => {
  const pairs = [LEAKED, REPEATED, ...seededPairs(300)];
  made = await makeDataset({ pairs, passwords: [NAMELESS, ...seededPasswords(100)], metadataBytes: 3 });
  server = await startServer(made.folder, { port: 0 });
});
afterAll(async () => {
  await server.close();
  made.dispose();
});

describe('a verdict', () => {
  const check = (username?: string, password?: string) =>
    createLeakChecker(optionsFor(made, server.url)).check({
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
    });

  test('is pair if username and password leaked together', async () => {
    const verdict = await check(LEAKED.username, LEAKED.password);
    expect(verdict.status).toBe('pair');
    expect(results(verdict)).toBe('found found found');
    expect(verdict.timesSeen).toBe(1);
    expect(verdict.source).toEqual({ number: 1, name: 'first' });
    expect(verdict.snapshot).toMatch(/^000001-[0-9a-f]{16}$/);
    expect(verdict).not.toHaveProperty('reason');
  });

  test('is pair for the canary that every dataset contains', async () => {
    const verdict = await check(CANARY.username, CANARY.password);
    expect(verdict.status).toBe('pair');
    expect(verdict, 'it has no source').not.toHaveProperty('source');
  });

  test('is password if only the password leaked, whatever the username', async () => {
    const verdict = await check('nobody@example.test', NAMELESS);
    expect([verdict.status, results(verdict)]).toEqual(['password', 'absent found absent']);
  });

  test('is password rather than username if both leaked separately', async () => {
    const verdict = await check(LEAKED.username, REPEATED.password);
    expect([verdict.status, results(verdict)]).toEqual(['password', 'absent found found']);
    expect(verdict.timesSeen, 'a lower bound for the 100 times of the password').toBe(96);
  });

  test('is username if only the username leaked', async () => {
    const verdict = await check(LEAKED.username, 'never seen');
    expect([verdict.status, results(verdict)]).toEqual(['username', 'absent absent found']);
  });

  test('is clean if nothing leaked', async () => {
    const verdict = await check('nobody@example.test', 'never seen');
    expect([verdict.status, results(verdict)]).toEqual(['clean', 'absent absent absent']);
    expect(verdict).not.toHaveProperty('timesSeen');
    expect(verdict.durationMs).toBeGreaterThan(0);
  });

  test('covers only the field given', async () => {
    const alone = await Promise.all([
      check(undefined, NAMELESS),
      check(undefined, 'never seen'),
      check(LEAKED.username, undefined),
      check('nobody@example.test', undefined),
    ]);
    expect(alone.map((verdict) => [verdict.status, results(verdict)])).toEqual([
      ['password', 'unasked found unasked'],
      ['clean', 'unasked absent unasked'],
      ['username', 'unasked unasked found'],
      ['clean', 'unasked unasked absent'],
    ]);
  });

  test('is unknown for an empty field alone, since no dataset has an entry for it', async () => {
    const nothing = [
      [undefined, ''] as const,
      ['', undefined] as const,
      [' \t', undefined] as const,
      ['', ''] as const,
    ];
    for (const verdict of await Promise.all(nothing.map(([username, password]) => check(username, password))))
      expect([verdict.status, verdict.reason]).toEqual(['unknown', 'NOTHING_ASKED']);
  });

  test('covers the pair with an empty password, and takes an empty username for none', async () => {
    expect(results(await check('', NAMELESS))).toBe('unasked found unasked');
    expect(results(await check(LEAKED.username, ''))).toBe('absent unasked found');
  });

  test('is unknown for a field that is too long, whatever the other field', async () => {
    const long = 'x'.repeat(65_536);
    const password = await check(LEAKED.username, long);
    expect([password.status, password.reason, results(password)]).toEqual([
      'unknown',
      'FIELD_TOO_LONG',
      'unknown unknown found',
    ]);
    const username = await check(long, NAMELESS);
    expect([username.status, username.reason, results(username)]).toEqual([
      'unknown',
      'FIELD_TOO_LONG',
      'unknown found unknown',
    ]);
    expect((await check('nobody@example.test', 'x'.repeat(65_535))).status).toBe('clean');
  });

  test.each([' ada@example.test', 'ADA@EXAMPLE.TEST\t', 'ａｄａ@example.test', 'Ada@Example.Test'])(
    'is the same for every spelling of the username: %j',
    async (username) => expect((await check(username, LEAKED.password)).status).toBe('pair'),
  );

  test.each(['correct horse 7', 'Correct Horse 7 ', ' Correct Horse 7'])(
    'differs for another spelling of the password: %j',
    async (password) => expect((await check(LEAKED.username, password)).status).toBe('username'),
  );

  test('is correct for every pair of a dataset with many buckets', async () => {
    const checker = createLeakChecker(optionsFor(made, server.url));
    const pairs = seededPairs(300);
    const leaked = await Promise.all(pairs.map((pair) => checker.check(pair)));
    expect(new Set(leaked.map(({ status }) => status))).toEqual(new Set(['pair']));
    const strangers = await Promise.all(seededPairs(300, 99).map((pair) => checker.check(pair)));
    expect(new Set(strangers.map(({ status }) => status))).toEqual(new Set(['clean']));
  });
});

describe('a dataset with one index', () => {
  test('answers its own questions, and reports the others as unasked, never clean', async () => {
    const account = await makeDataset({ pairs: [LEAKED], indexes: ['account'], metadataBytes: 0 });
    const password = await makeDataset({ pairs: [LEAKED], indexes: ['password'] });
    const accountServer = await startServer(account.folder, { port: 0 });
    const passwordServer = await startServer(password.folder, { port: 0 });
    try {
      const accounts = createLeakChecker(optionsFor(account, accountServer.url));
      const passwords = createLeakChecker(optionsFor(password, passwordServer.url));
      const { username, password: text } = LEAKED;
      const seen = await Promise.all([
        accounts.check(LEAKED),
        accounts.check({ password: text }),
        passwords.check({ username: 'nobody', password: text }),
        passwords.check({ username: 'nobody', password: 'never seen' }),
        passwords.check({ username }),
      ]);
      expect(seen.map((verdict) => [verdict.status, verdict.reason, results(verdict)])).toEqual([
        ['pair', undefined, 'found unasked found'],
        ['unknown', 'INDEX_MISSING', 'unasked unasked unasked'],
        ['password', undefined, 'unasked found unasked'],
        ['clean', undefined, 'unasked absent unasked'],
        ['unknown', 'INDEX_MISSING', 'unasked unasked unasked'],
      ]);
    } finally {
      await Promise.all([accountServer.close(), passwordServer.close()]);
      account.dispose();
      password.dispose();
    }
  });
});

test('a dataset without counts gives no timesSeen, rather than the count of an entry seen once', async () => {
  const uncounted = await makeDataset({ pairs: [REPEATED], metadataBytes: 0 });
  const at = await startServer(uncounted.folder, { port: 0 });
  try {
    const { username, password } = REPEATED;
    const verdict = await createLeakChecker(optionsFor(uncounted, at.url)).check({ username, password });
    expect(verdict.status).toBe('pair');
    expect(verdict).not.toHaveProperty('timesSeen');
    expect(verdict.signals.pair).toEqual({ result: 'found' });
  } finally {
    await at.close();
    uncounted.dispose();
  }
});

describe('the requests of a check', () => {
  let front: HttpFront;
  beforeAll(async () => {
    front = await startFront(async (request, response) => {
      // Under a path, like a service behind a gateway.
      request.url = (request.url ?? '').replace(/^\/gate\/way/, '');
      send(response, await forward(server.url, request));
    });
  });
  afterAll(() => front.close());
  const sentBy = async (credential: { username?: string; password?: string }): Promise<string[]> => {
    const from = front.requests.length;
    const verdict = await createLeakChecker(optionsFor(made, `${front.url}/gate/way`)).check(credential);
    expect(verdict.status).not.toBe('unknown');
    return front.requests.slice(from).sort();
  };

  test('are four GETs without a body, and the last two contain only a prefix and the snapshot', async () => {
    const { snapshot, indexes } = (await (await fetch(`${server.url}/v1/status`)).json()) as {
      snapshot: { id: string };
      indexes: { account: { prefixBits: number }; password: { prefixBits: number } };
    };
    const digits = ({ prefixBits }: { prefixBits: number }) => Math.ceil(prefixBits / 4);
    expect(digits(indexes.account)).toBeGreaterThan(0);
    const sent = await sentBy(LEAKED);
    const lines = sent.map((request) => request.split('\n')[0]?.replace(/(?<=sources\/)[0-9a-f]{64} .*/, '…'));
    expect(lines).toEqual([
      expect.stringMatching(
        new RegExp(
          `^GET /gate/way/v1/account/[0-9a-f]{${digits(indexes.account)}}\\?snapshot=${snapshot.id} HTTP/1\\.1$`,
        ),
      ),
      'GET /gate/way/v1/head HTTP/1.1',
      expect.stringMatching(
        new RegExp(
          `^GET /gate/way/v1/password/[0-9a-f]{${digits(indexes.password)}}\\?snapshot=${snapshot.id} HTTP/1\\.1$`,
        ),
      ),
      'GET /gate/way/v1/sources/…',
      `GET /gate/way/v1/statement/${snapshot.id} HTTP/1.1`,
    ]);
    const headersOf = (request = '') =>
      request
        .split('\n')
        .slice(1)
        .join('\n')
        .replace(/^accept\n.*$/m, '');
    expect(headersOf(sent[0]), 'both bucket requests have the same headers').toBe(headersOf(sent[2]));
  });

  test('to the account index are byte for byte the same whatever the password', async () => {
    const account = async (password?: string) =>
      (await sentBy({ username: LEAKED.username, ...(password === undefined ? {} : { password }) })).filter((request) =>
        request.includes('/v1/account/'),
      );
    const first = await account(LEAKED.password);
    expect(first).toHaveLength(1);
    for (const password of [undefined, '', 'never seen', ...seededPasswords(20)])
      expect(await account(password)).toEqual(first);
  });

  test('contain no username, password or key in any encoding', async () => {
    const secret = made.key.revealText().split('.')[2] as string;
    await sentBy(LEAKED);
    const sent = front.requests.join('\n').toLowerCase();
    for (const text of [LEAKED.username, 'ada', LEAKED.password, 'horse', secret])
      for (const spelled of [text, encodeURIComponent(text), btoa(text), Buffer.from(text).toString('hex')])
        expect(sent).not.toContain(spelled.toLowerCase());
  });

  test('carry the headers of the options', async () => {
    const headers = { Authorization: 'Bearer of-good-news' };
    const checker = createLeakChecker({ ...optionsFor(made, new URL('/gate/way/', front.url)), headers });
    const from = front.requests.length;
    await checker.check(LEAKED);
    for (const request of front.requests.slice(from)) expect(request).toContain('authorization\nBearer of-good-news\n');
  });
});
