// Verdicts of a client without a key over a real server: the same as with a key, on every engine.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createLeakChecker, type LeakChecker, type OprfOptions } from '../../client-sdk/index.ts';
import { createSodiumOprf } from '../../client-sdk/sodium.ts';
import { createNobleOprf } from '../../protocol/oprf.ts';
import { CANARY } from '../../protocol/test-credentials.ts';
import { makeDataset, seededPairs } from '../support/dataset.ts';
import { keyPinOf } from '../support/pins.ts';
import { LEAKED, STRANGER, summary } from '../support/worlds/client-world.ts';
import { createOprfWorld, type OprfWorld } from '../support/worlds/oprf-world.ts';

const NAMELESS = 'only-a-password';
let world: OprfWorld;
beforeAll(async () => {
  world = await createOprfWorld({ pairs: [LEAKED, ...seededPairs(100)], passwords: [NAMELESS], metadataBytes: 3 });
});
afterEach(() => world.closeFronts());
afterAll(() => world.close());

const ENGINES: readonly [string, () => Pick<OprfOptions, 'engine'>][] = [
  ['the default engine', () => ({})],
  ['libsodium', () => ({ engine: createSodiumOprf() })],
  ['RFC 9497 on noble', () => ({ engine: createNobleOprf() })],
];

describe.each(ENGINES)('a checker on %s', (_name, engine) => {
  let checker: LeakChecker;
  beforeAll(async () => {
    checker = world.checker(world.url, engine());
    await checker.ready();
  });

  test.each([
    [{ ...LEAKED }, 'pair | found found found'],
    [{ ...CANARY }, 'pair | found found found'],
    [{ username: ' ADA@example.test', password: LEAKED.password }, 'pair | found found found'],
    [{ username: 'nobody@example.test', password: NAMELESS }, 'password | absent found absent'],
    [{ username: LEAKED.username, password: 'never seen' }, 'username | absent absent found'],
    [{ ...STRANGER }, 'clean | absent absent absent'],
    [{ password: NAMELESS }, 'password | unasked found unasked'],
    [{ password: 'never seen' }, 'clean | unasked absent unasked'],
    [{ username: LEAKED.username }, 'username | unasked unasked found'],
    [{ username: 'nobody' }, 'clean | unasked unasked absent'],
    [{ username: '', password: NAMELESS }, 'password | unasked found unasked'],
    [{ username: LEAKED.username, password: '' }, 'username | absent unasked found'],
    [{ password: '' }, 'unknown NOTHING_ASKED | unasked unasked unasked'],
    [{ username: LEAKED.username, password: 'x'.repeat(65_536) }, 'unknown FIELD_TOO_LONG | unknown unknown found'],
    // The RFC 9497 maximum of 65,535 bytes covers both fields and their framing.
    [{ username: LEAKED.username, password: 'x'.repeat(65_525) }, 'unknown FIELD_TOO_LONG | unknown absent found'],
  ])('returns the expected verdict: %#', async (credential, expected) => {
    expect(summary(await checker.check(credential))).toBe(expected);
  });

  test('reports times seen, source and snapshot', async () => {
    const verdict = await checker.check(LEAKED);
    expect(verdict).toMatchObject({ timesSeen: 1, source: { number: 1, name: 'first' } });
    expect(verdict.snapshot).toMatch(/^000001-[0-9a-f]{16}$/);
  });

  test('finds every pair of a dataset, and no stranger', async () => {
    const [leaked, strangers] = [seededPairs(100), seededPairs(50, 99)];
    const statuses = async (pairs: readonly { username: string; password: string }[]) =>
      new Set(await Promise.all(pairs.map(async (pair) => (await checker.check(pair)).status)));
    expect(await statuses(leaked)).toEqual(new Set(['pair']));
    expect(await statuses(strangers)).toEqual(new Set(['clean']));
  });
});

describe('a dataset with one index', () => {
  test('answers its own questions, and reports the others as unasked, never clean', async () => {
    const account = await createOprfWorld({ pairs: [LEAKED], indexes: ['account'], metadataBytes: 0 });
    const password = await createOprfWorld({ pairs: [LEAKED], indexes: ['password'] });
    try {
      const accounts = account.checker(account.url);
      const watching = await password.spoil(() => {});
      const passwords = password.checker(watching.url);
      expect(summary(await accounts.check(LEAKED))).toBe('pair | found unasked found');
      expect(summary(await accounts.check({ password: LEAKED.password }))).toBe(
        'unknown INDEX_MISSING | unasked unasked unasked',
      );
      expect(summary(await passwords.check({ ...STRANGER, password: LEAKED.password }))).toBe(
        'password | unasked found unasked',
      );
      expect(summary(await passwords.check(STRANGER))).toBe('clean | unasked absent unasked');
      expect(summary(await passwords.check({ username: LEAKED.username }))).toBe(
        'unknown INDEX_MISSING | unasked unasked unasked',
      );
      expect(watching.requests.some((request) => request.includes('/v1/lookup'))).toBe(false);
    } finally {
      await Promise.all([account.close(), password.close()]);
    }
  });
});

describe('a check', () => {
  test.each([
    [400, 'HTTP_STATUS'],
    [404, 'HTTP_STATUS'],
    [429, 'QUOTA_EXCEEDED'],
    [503, 'HTTP_STATUS'],
  ] as const)('is unknown if the evaluator answers %i, with reason %s', async (status, reason) => {
    const refusing = await world.spoil((answer, url) => {
      if (url.startsWith('/v1/lookup') || url === '/v1/evaluate') answer.status = status;
    });
    const checker = world.checker(refusing.url);
    expect(summary(await checker.check(STRANGER))).toBe(`unknown ${reason} | unknown unknown unknown`);
    await expect(checker.ready()).rejects.toMatchObject({ code: reason });
  });

  test('is unknown if the service has another key or the other suite', async () => {
    const other = await createOprfWorld({ pairs: [LEAKED], keySeed: 2 });
    const keyed = await makeDataset({ published: false });
    try {
      const mismatch = 'unknown DATASET_MISMATCH | unknown unknown unknown';
      expect(summary(await other.checker(other.url, world.pin).check(LEAKED))).toBe(mismatch);
      const withKey = createLeakChecker({ url: world.url, ...keyPinOf(keyed), timeoutMs: 60_000 });
      expect(summary(await withKey.check(LEAKED))).toBe(mismatch);
    } finally {
      keyed.dispose();
      await other.close();
    }
  });

  test('retries once if the snapshot is gone, and is then unknown', async () => {
    let gone = 0;
    const forgetful = await world.spoil((answer, url) => {
      if (url.startsWith('/v1/password') && gone-- > 0) answer.status = 410;
    });
    const checker = world.checker(forgetful.url);
    await checker.ready();
    gone = 1;
    expect((await checker.check(LEAKED)).status).toBe('pair');
    gone = 2;
    expect(summary(await checker.check(STRANGER))).toBe('unknown SNAPSHOT_CHANGED | absent unknown absent');
  });

  test('is unknown if any byte of the lookup response was changed', async () => {
    let at = -1;
    let length = 0;
    const flipping = await world.spoil((answer, url) => {
      if (!url.startsWith('/v1/lookup')) return;
      length = answer.body.length;
      const byte = answer.body[at];
      if (byte !== undefined) answer.body[at] = byte ^ (1 << (at % 8));
    });
    const engine = await createSodiumOprf();
    // A checker that was given a wrong evaluation trusts no other one: each byte needs a new
    // checker.
    const check = (credential: typeof LEAKED) => world.checker(flipping.url, { engine }).check(credential);
    await check(LEAKED);
    for (const credential of [LEAKED, STRANGER])
      for (at = 0; at < length; at += at < 140 ? 1 : 17) {
        const { status, reason, signals } = await check(credential);
        expect([signals.pair.result, signals.username.result], `byte ${at}`).toEqual(['unknown', 'unknown']);
        expect(status, `byte ${at}`).toBe('unknown');
        expect(['KEY_MISMATCH', 'BODY_FORGED', 'BODY_MALFORMED'], `byte ${at}`).toContain(reason);
      }
    expect(length).toBeGreaterThan(140);
  });

  test.each([0, 1, 97, 129, 130, 200])('is unknown if the lookup response was cut to %i bytes', async (bytes) => {
    const cutting = await world.spoil((answer, url) => {
      if (url.startsWith('/v1/lookup')) answer.body = answer.body.subarray(0, bytes);
    });
    const verdict = await world.checker(cutting.url).check(STRANGER);
    expect([verdict.status, verdict.reason]).toEqual(['unknown', 'BODY_MALFORMED']);
  });
});
