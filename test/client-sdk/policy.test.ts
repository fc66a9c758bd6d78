// The policy: which findings count, from what count and since when, and what a failure means.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Action,
  createLeakChecker,
  createPolicy,
  type LeakCheckerOptions,
  LookupError,
  type PolicyOptions,
  type Signal,
  type Signals,
  type Verdict,
} from '../../client-sdk/index.ts';
import { decide } from '../../client-sdk/verdict/decide.ts';
import { UNASKED } from '../../client-sdk/verdict/verdict.ts';
import { startServer } from '../../server/server.ts';
import { type MadeDataset, makeDataset } from '../support/dataset.ts';
import { keyPinOf } from '../support/pins.ts';
import { LEAKED, STRANGER, TIMEOUT_MS } from '../support/worlds/client-world.ts';

const found = (timesSeen = 1, more: object = {}): Signal => ({ result: 'found', timesSeen, ...more });
const ABSENT: Signal = { result: 'absent' };
const TIMEOUT: Signal = { result: 'unknown', reason: 'TIMEOUT' };

/** The action for the signals of a check of username and password. */
function actionOf(policy: PolicyOptions | undefined, given: Partial<Signals>, changedAt?: Date): Action {
  const signals = { pair: ABSENT, similar: ABSENT, password: ABSENT, username: ABSENT, ...given };
  const facts = { ...decide(signals, 'INDEX_MISSING'), signals };
  return createPolicy(policy)(facts, { passwordChangedAt: changedAt }).action;
}

describe('the action', () => {
  test('is challenge for a leaked password by default, and allow otherwise', () => {
    for (const name of ['pair', 'similar', 'password'] as const)
      expect(actionOf(undefined, { [name]: found() })).toBe('challenge');
    for (const given of [{}, { username: found() }, { pair: TIMEOUT, similar: TIMEOUT, password: TIMEOUT }])
      expect(actionOf(undefined, given)).toBe('allow');
    expect(actionOf(undefined, { password: found(), pair: TIMEOUT }), 'a finding next to a failure').toBe('challenge');
  });

  test("is the policy's action for a finding, and the strictest one of several", () => {
    const policy = { pair: 'deny', password: 'challenge', similar: 'allow', username: 'challenge' } as const;
    expect(actionOf(policy, { pair: found(), similar: found(), username: found() })).toBe('deny');
    expect(actionOf(policy, { similar: found() })).toBe('allow');
    expect(actionOf(policy, { similar: found(), username: found() })).toBe('challenge');
    expect(actionOf({ ...policy, pair: 'allow' }, { pair: found(), password: found() })).toBe('challenge');
  });

  test('ignores findings below minTimesSeen, rounded as the dataset rounds', () => {
    const policy = { minTimesSeen: { password: 10, pair: 2 } };
    // 8 is recorded for 8 to 11, so it may have been 10.
    const seen = [1, 4, 6, 8, 12, 4096].map((times) => actionOf(policy, { password: found(times) }));
    expect(seen).toEqual(['allow', 'allow', 'allow', 'challenge', 'challenge', 'challenge']);
    expect(actionOf(policy, { pair: found(1) })).toBe('allow');
    expect(actionOf(policy, { pair: found(2) })).toBe('challenge');
    expect(actionOf(policy, { similar: found(1) }), 'it has no threshold').toBe('challenge');
  });

  test('counts every finding if the dataset records no times', () => {
    expect(actionOf({ minTimesSeen: { password: 10 } }, { password: { result: 'found' } })).toBe('challenge');
  });

  const onUsername = { username: 'challenge' } as const;
  test.each([
    ['2024-03', '2024-05-20T00:00:00Z', 'allow'],
    ['2024-03', '2024-04-01T12:00:00Z', 'allow'],
    ['2023-12', '2024-01-01T12:00:00Z', 'allow'],
    // The month may not be over in every time zone.
    ['2024-03', '2024-04-01T11:59:59Z', 'challenge'],
    ['2024-03', '2024-03-31T00:00:00Z', 'challenge'],
    ['2024-03', '2024-03-01T00:00:00Z', 'challenge'],
    ['2024-04', '2024-03-20T00:00:00Z', 'challenge'],
    [undefined, '2024-05-20T00:00:00Z', 'challenge'],
    // From a server that sends invalid months.
    ['2024-00', '2024-05-20T00:00:00Z', 'challenge'],
    ['0000-13', '2024-05-20T00:00:00Z', 'challenge'],
    ['2024-03', 'not a date', 'challenge'],
  ] as const)(
    'for a username that leaked in %s, with a password changed at %s, is %s',
    (newestLeak, changed, action) => {
      expect(actionOf(onUsername, { username: found(1, newestLeak && { newestLeak }) }, new Date(changed))).toBe(
        action,
      );
    },
  );

  test('for a username is no milder if the date of the password change is unknown', () => {
    const username = found(1, { newestLeak: '2001-01' });
    expect(actionOf(onUsername, { username })).toBe('challenge');
    const signals: Signals = { ...UNASKED, username };
    for (const passwordChangedAt of [null, undefined])
      expect(createPolicy(onUsername)({ status: 'username', signals }, { passwordChangedAt })).toEqual({
        action: 'challenge',
        because: 'username',
      });
  });

  test('for a leaked password does not depend on the date of its change', () => {
    for (const name of ['pair', 'similar', 'password'] as const)
      expect(actionOf(undefined, { [name]: found(1, { newestLeak: '2001-01' }) }, new Date())).toBe('challenge');
  });

  test('for a failure is onError if its answer could have mattered', () => {
    const closed = { onError: 'deny' } as const;
    expect(actionOf(closed, { password: TIMEOUT })).toBe('deny');
    expect(actionOf({ onError: 'challenge' }, { pair: TIMEOUT })).toBe('challenge');
    expect(actionOf(closed, { username: TIMEOUT }), 'a username is always allowed').toBe('allow');
    expect(actionOf(closed, { pair: found(), password: TIMEOUT }), 'it could not have been stricter').toBe('challenge');
    expect(actionOf({ ...closed, password: 'deny' }, { pair: found(), password: TIMEOUT })).toBe('deny');
    expect(actionOf({ password: 'deny' }, { pair: found(), password: TIMEOUT }), 'never milder').toBe('challenge');
    // A finding below its threshold does not excuse a failure.
    expect(actionOf({ ...closed, minTimesSeen: { password: 10 } }, { password: found(1), pair: TIMEOUT })).toBe('deny');
  });

  test('for a check that could ask nothing is onError', () => {
    const nothing = { ...decide(UNASKED, 'INDEX_MISSING'), signals: UNASKED };
    expect(createPolicy({ onError: 'deny' })(nothing)).toEqual({ action: 'deny' });
    expect(createPolicy()(nothing)).toEqual({ action: 'allow' });
  });

  test('is never milder if an absent signal becomes a finding or a failure', () => {
    const answers: Signal[] = [ABSENT, found(1), found(100), TIMEOUT];
    const strictness = (action: Action): number => ['allow', 'challenge', 'deny'].indexOf(action);
    const policies: PolicyOptions[] = [
      {},
      { onError: 'deny' },
      { pair: 'deny', username: 'challenge', onError: 'challenge', minTimesSeen: { password: 4 } },
    ];
    let compared = 0;
    for (const policy of policies)
      for (const pair of answers)
        for (const similar of answers)
          for (const password of answers)
            for (const username of answers) {
              const signals = { pair, similar, password, username };
              const action = actionOf(policy, signals);
              for (const name of ['pair', 'similar', 'password', 'username'] as const) {
                if (signals[name] !== ABSENT) continue;
                for (const worse of answers.slice(1)) {
                  // A finding may excuse a failed question that could not have been stricter: that
                  // is no milder than both.
                  const raised = actionOf(policy, { ...signals, [name]: worse });
                  const excused = Object.values(signals).includes(TIMEOUT) && worse.result === 'found';
                  if (!excused) expect(strictness(raised)).toBeGreaterThanOrEqual(strictness(action));
                  compared++;
                }
              }
            }
    expect(compared).toBeGreaterThan(1000);
  });
});

describe('a malformed policy', () => {
  test.each([
    { passwords: 'deny' },
    { pair: 'block' },
    { onError: 'fail' },
    { onError: null },
    { minTimesSeen: { password: 0 } },
    { minTimesSeen: { password: 1.5 } },
    { minTimesSeen: { passwords: 10 } },
    { minTimesSeen: 10 },
    'deny',
    null,
  ])('is rejected: %j', (policy) => {
    const options = policy as PolicyOptions;
    const refused = expect.toSatisfy((error) => error instanceof LookupError && error.code === 'OPTION_MALFORMED');
    expect(() => createPolicy(options)).toThrow(refused);
  });
});

describe('a policy over a real server', () => {
  const OLD = { username: 'old@example.test', password: 'leaked in 2019' };
  const NEW = { username: 'new@example.test', password: 'leaked in 2024' };
  const COMMON = { username: 'some@example.test', password: 'common', times: 100 };
  const made: MadeDataset[] = [];
  const closers: (() => Promise<void>)[] = [];
  let dated: LeakCheckerOptions;
  let undated: LeakCheckerOptions;
  let bare: LeakCheckerOptions;

  async function serve(dataset: MadeDataset): Promise<LeakCheckerOptions> {
    const server = await startServer(dataset.folder, { port: 0 });
    made.push(dataset);
    closers.push(() => server.close());
    return { url: server.url, ...keyPinOf(dataset), timeoutMs: TIMEOUT_MS };
  }

  beforeAll(async () => {
    const first = { pairs: [OLD, COMMON, LEAKED], date: '2019-01' };
    const recorded = await makeDataset({ ...first, metadataBytes: 3, published: false });
    recorded.addSource('later', { pairs: [NEW, LEAKED], date: '2024-03' });
    await recorded.publish();
    dated = await serve(recorded);
    const mixed = await makeDataset({ ...first, metadataBytes: 3, published: false });
    mixed.addSource('undated', { pairs: [OLD] });
    await mixed.publish();
    undated = await serve(mixed);
    bare = await serve(await makeDataset({ pairs: [COMMON], metadataBytes: 0 }));
  });
  afterAll(async () => {
    for (const close of closers) await close();
    for (const dataset of made) dataset.dispose();
  });

  const checkWith = (
    options: LeakCheckerOptions,
    policy: PolicyOptions,
    username: string,
    passwordChangedAt?: Date,
  ): Promise<Verdict> =>
    createLeakChecker({ ...options, policy }).check({ username, password: 'other' }, { passwordChangedAt });

  test('ignores a username that leaked before the last password change', async () => {
    const strict = { username: 'deny' } as const;
    const changed = new Date('2022-06-15');
    const before = await checkWith(dated, strict, OLD.username, changed);
    expect([before.status, before.action]).toEqual(['username', 'allow']);
    expect(before.signals.username).toMatchObject({
      newestLeak: '2019-01',
      source: { name: 'first', date: '2019-01' },
    });
    expect((await checkWith(dated, strict, NEW.username, changed)).action).toBe('deny');
    // In both sources: the later one counts.
    expect((await checkWith(dated, strict, LEAKED.username, changed)).action).toBe('deny');
    expect((await checkWith(dated, strict, OLD.username)).action).toBe('deny');
  });

  test('counts a username if a source has no date', async () => {
    const verdict = await checkWith(undated, { username: 'deny' }, OLD.username, new Date());
    expect(verdict.signals.username).toMatchObject({ result: 'found', source: { date: '2019-01' } });
    expect(verdict.signals.username).not.toHaveProperty('newestLeak');
    expect(verdict.action).toBe('deny');
  });

  test('applies thresholds to recorded counts, and counts every finding without them', async () => {
    const policy: PolicyOptions = { password: 'deny', minTimesSeen: { password: 50 } };
    const check = async (options: LeakCheckerOptions, password: string): Promise<string[]> => {
      const verdict = await createLeakChecker({ ...options, policy }).check({ password });
      return [verdict.status, verdict.action];
    };
    expect(await check(dated, COMMON.password)).toEqual(['password', 'deny']);
    expect(await check(dated, OLD.password)).toEqual(['password', 'allow']);
    expect(await check(bare, COMMON.password)).toEqual(['password', 'deny']);
  });

  test('fails closed with onError, and a second policy can judge the same verdict', async () => {
    const down = { ...dated, url: 'http://127.0.0.1:1/' };
    const closed = await checkWith(down, { onError: 'deny' }, OLD.username);
    expect([closed.status, closed.action]).toEqual(['unknown', 'deny']);
    const open = await checkWith(down, {}, OLD.username);
    expect([open.status, open.action]).toEqual(['unknown', 'allow']);
    expect(createPolicy({ onError: 'deny' })(open)).toEqual({ action: 'deny' });
    expect((await checkWith(dated, { onError: 'deny' }, STRANGER.username)).action).toBe('allow');
  });

  test('rejects a passwordChangedAt that is not a Date', async () => {
    const checker = createLeakChecker(dated);
    const passwordChangedAt = '2024-01-01' as unknown as Date;
    await expect(checker.check(OLD, { passwordChangedAt })).rejects.toMatchObject({ code: 'ARGUMENT_MALFORMED' });
    expect((await checker.check(OLD, { passwordChangedAt: null })).status).toBe('pair');
  });
});
