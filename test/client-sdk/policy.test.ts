// What to do about a verdict: which findings count, from how many times seen on, since when, and what a failure means.

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
import { decide, UNASKED } from '../../client-sdk/verdict/verdict.ts';
import { startServer } from '../../server/server.ts';
import { type MadeDataset, makeDataset } from '../support/dataset.ts';
import { LEAKED, STRANGER, TIMEOUT_MS } from '../support/worlds/client-world.ts';

const found = (timesSeen = 1, more: object = {}): Signal => ({ result: 'found', timesSeen, ...more });
const ABSENT: Signal = { result: 'absent' };
const TIMEOUT: Signal = { result: 'unknown', reason: 'TIMEOUT' };

/** The action for signals that a check of username and password could give. */
function actionOf(policy: PolicyOptions | undefined, given: Partial<Signals>, changedAt?: Date): Action {
  const signals = { pair: ABSENT, similar: ABSENT, password: ABSENT, username: ABSENT, ...given };
  const facts = { ...decide(signals, 'INDEX_MISSING'), signals };
  return createPolicy(policy)(facts, { passwordChangedAt: changedAt }).action;
}

describe('the action', () => {
  test('is by default to challenge where the password is known, and to allow anything else', () => {
    for (const name of ['pair', 'similar', 'password'] as const)
      expect(actionOf(undefined, { [name]: found() })).toBe('challenge');
    for (const given of [{}, { username: found() }, { pair: TIMEOUT, similar: TIMEOUT, password: TIMEOUT }])
      expect(actionOf(undefined, given)).toBe('allow');
    expect(actionOf(undefined, { password: found(), pair: TIMEOUT }), 'a finding beside a failure').toBe('challenge');
  });

  test('is what the policy says of each finding, and the strictest of several', () => {
    const policy = { pair: 'deny', password: 'challenge', similar: 'allow', username: 'challenge' } as const;
    expect(actionOf(policy, { pair: found(), similar: found(), username: found() })).toBe('deny');
    expect(actionOf(policy, { similar: found() })).toBe('allow');
    expect(actionOf(policy, { similar: found(), username: found() })).toBe('challenge');
    expect(actionOf({ ...policy, pair: 'allow' }, { pair: found(), password: found() })).toBe('challenge');
  });

  test('counts what was seen often enough, rounded as the dataset rounds', () => {
    const policy = { minTimesSeen: { password: 10, pair: 2 } };
    // 8 stands for 8 to 11: it may have been 10.
    const seen = [1, 4, 6, 8, 12, 4096].map((times) => actionOf(policy, { password: found(times) }));
    expect(seen).toEqual(['allow', 'allow', 'allow', 'challenge', 'challenge', 'challenge']);
    expect(actionOf(policy, { pair: found(1) })).toBe('allow');
    expect(actionOf(policy, { pair: found(2) })).toBe('challenge');
    expect(actionOf(policy, { similar: found(1) }), 'no threshold of its own').toBe('challenge');
  });

  test('counts everything where the dataset records no times', () => {
    expect(actionOf({ minTimesSeen: { password: 10 } }, { password: found(1, { timesUnknown: true }) })).toBe(
      'challenge',
    );
  });

  const onUsername = { username: 'challenge' } as const;
  test.each([
    ['2024-03', '2024-05-20T00:00:00Z', 'allow'],
    ['2024-03', '2024-04-01T12:00:00Z', 'allow'],
    ['2023-12', '2024-01-01T12:00:00Z', 'allow'],
    // The month may not be over yet in all time zones.
    ['2024-03', '2024-04-01T11:59:59Z', 'challenge'],
    ['2024-03', '2024-03-31T00:00:00Z', 'challenge'],
    ['2024-03', '2024-03-01T00:00:00Z', 'challenge'],
    ['2024-04', '2024-03-20T00:00:00Z', 'challenge'],
    [undefined, '2024-05-20T00:00:00Z', 'challenge'],
    // Of a server that does not keep to the months of a year.
    ['2024-00', '2024-05-20T00:00:00Z', 'challenge'],
    ['0000-13', '2024-05-20T00:00:00Z', 'challenge'],
    ['2024-03', 'not a date', 'challenge'],
  ] as const)(
    'of a username that leaked in %s, with a password changed at %s, is %s',
    (newestLeak, changed, action) => {
      expect(actionOf(onUsername, { username: found(1, newestLeak && { newestLeak }) }, new Date(changed))).toBe(
        action,
      );
    },
  );

  test('of a username is not milder where it is not known when the password was changed', () => {
    const username = found(1, { newestLeak: '2001-01' });
    expect(actionOf(onUsername, { username })).toBe('challenge');
    const signals: Signals = { ...UNASKED, username };
    for (const passwordChangedAt of [null, undefined])
      expect(createPolicy(onUsername)({ status: 'username', signals }, { passwordChangedAt })).toEqual({
        action: 'challenge',
        because: 'username',
      });
  });

  test('of a leaked password does not depend on when it was changed', () => {
    for (const name of ['pair', 'similar', 'password'] as const)
      expect(actionOf(undefined, { [name]: found(1, { newestLeak: '2001-01' }) }, new Date())).toBe('challenge');
  });

  test('of a failure is onError where its answer could have mattered', () => {
    const closed = { onError: 'deny' } as const;
    expect(actionOf(closed, { password: TIMEOUT })).toBe('deny');
    expect(actionOf({ onError: 'challenge' }, { pair: TIMEOUT })).toBe('challenge');
    expect(actionOf(closed, { username: TIMEOUT }), 'a username is allowed whatever comes').toBe('allow');
    expect(actionOf(closed, { pair: found(), password: TIMEOUT }), 'it could not have been stricter').toBe('challenge');
    expect(actionOf({ ...closed, password: 'deny' }, { pair: found(), password: TIMEOUT })).toBe('deny');
    expect(actionOf({ password: 'deny' }, { pair: found(), password: TIMEOUT }), 'never milder').toBe('challenge');
    // A finding that does not count is none to rest on.
    expect(actionOf({ ...closed, minTimesSeen: { password: 10 } }, { password: found(1), pair: TIMEOUT })).toBe('deny');
  });

  test('of a check that could ask nothing is onError', () => {
    const nothing = { ...decide(UNASKED, 'INDEX_MISSING'), signals: UNASKED };
    expect(createPolicy({ onError: 'deny' })(nothing)).toEqual({ action: 'deny' });
    expect(createPolicy()(nothing)).toEqual({ action: 'allow' });
  });

  test('is never milder for a finding more, nor for a failure instead of an absence', () => {
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
                  // A finding may excuse a failed question that could not have been stricter: that is no milder than both.
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

describe('a policy that is malformed', () => {
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
  ])('is refused: %j', (policy) => {
    const options = policy as PolicyOptions;
    const refused = expect.toSatisfy((error) => error instanceof LookupError && error.code === 'OPTION_MALFORMED');
    expect(() => createPolicy(options)).toThrow(refused);
  });
});

describe('over a real server', () => {
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
    return { url: server.url, key: dataset.key.revealText(), timeoutMs: TIMEOUT_MS };
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

  test('a username that leaked before the last change of the password does not count', async () => {
    const strict = { username: 'deny' } as const;
    const changed = new Date('2022-06-15');
    const before = await checkWith(dated, strict, OLD.username, changed);
    expect([before.status, before.action]).toEqual(['username', 'allow']);
    expect(before.signals.username).toMatchObject({
      newestLeak: '2019-01',
      source: { name: 'first', date: '2019-01' },
    });
    expect((await checkWith(dated, strict, NEW.username, changed)).action).toBe('deny');
    // In both sources: what counts is the later one.
    expect((await checkWith(dated, strict, LEAKED.username, changed)).action).toBe('deny');
    expect((await checkWith(dated, strict, OLD.username)).action).toBe('deny');
  });

  test('a source without a date may be of any: then it counts', async () => {
    const verdict = await checkWith(undated, { username: 'deny' }, OLD.username, new Date());
    expect(verdict.signals.username).toMatchObject({ result: 'found', source: { date: '2019-01' } });
    expect(verdict.signals.username).not.toHaveProperty('newestLeak');
    expect(verdict.action).toBe('deny');
  });

  test('thresholds hold for what is recorded, and count everything where nothing is', async () => {
    const policy: PolicyOptions = { password: 'deny', minTimesSeen: { password: 50 } };
    const check = async (options: LeakCheckerOptions, password: string): Promise<string[]> => {
      const verdict = await createLeakChecker({ ...options, policy }).check({ password });
      return [verdict.status, verdict.action];
    };
    expect(await check(dated, COMMON.password)).toEqual(['password', 'deny']);
    expect(await check(dated, OLD.password)).toEqual(['password', 'allow']);
    expect(await check(bare, COMMON.password)).toEqual(['password', 'deny']);
  });

  test('onError fails closed, and one checker can serve two policies', async () => {
    const down = { ...dated, url: 'http://127.0.0.1:1/' };
    const closed = await checkWith(down, { onError: 'deny' }, OLD.username);
    expect([closed.status, closed.action]).toEqual(['unknown', 'deny']);
    const open = await checkWith(down, {}, OLD.username);
    expect([open.status, open.action]).toEqual(['unknown', 'allow']);
    expect(createPolicy({ onError: 'deny' })(open)).toEqual({ action: 'deny' });
    expect((await checkWith(dated, { onError: 'deny' }, STRANGER.username)).action).toBe('allow');
  });

  test('a passwordChangedAt that is no date is a mistake of the program', async () => {
    const checker = createLeakChecker(dated);
    const passwordChangedAt = '2024-01-01' as unknown as Date;
    await expect(checker.check(OLD, { passwordChangedAt })).rejects.toMatchObject({ code: 'ARGUMENT_MALFORMED' });
    expect((await checker.check(OLD, { passwordChangedAt: null })).status).toBe('pair');
  });
});
