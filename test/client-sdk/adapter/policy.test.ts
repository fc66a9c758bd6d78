// The checker's policy in the adapters: what a guard denies without `denyOn` or `onError`.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LeakCheckOptions, leakCheck } from '../../../client-sdk/adapter/fetch.ts';
import { type Credential, createLeakChecker, type PolicyOptions, type Verdict } from '../../../client-sdk/index.ts';
import { type CredveilServer, startServer } from '../../../server/server.ts';
import { type MadeDataset, makeDataset } from '../../support/dataset.ts';
import { keyPinOf } from '../../support/pins.ts';
import { TIMEOUT_MS } from '../../support/worlds/client-world.ts';

const OFTEN = { username: 'ada@example.test', password: 'seen often', times: 100 };
const ONCE = { username: 'bob@example.test', password: 'seen once' };

let made: MadeDataset;
let server: CredveilServer;
beforeAll(async () => {
  made = await makeDataset({ pairs: [OFTEN, ONCE] });
  server = await startServer(made.folder, { port: 0 });
});
afterAll(async () => {
  await server.close();
  made.dispose();
});

interface Answer {
  readonly status: number;
  readonly code?: string;
  readonly verdict?: Verdict | undefined;
}

async function post(
  credential: { username?: string; password: string },
  policy: PolicyOptions | undefined,
  options: LeakCheckOptions,
  url = server.url,
): Promise<Answer> {
  const checker = createLeakChecker({
    url,
    ...keyPinOf(made),
    timeoutMs: TIMEOUT_MS,
    ...(policy && { policy }),
  });
  const verdicts: Verdict[] = [];
  const handler = leakCheck(checker, { ...options, onResult: (verdict) => void verdicts.push(verdict) })(
    () => new Response('in'),
  );
  const response = await handler(
    new Request('http://app.test/', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(credential),
    }),
  );
  const text = await response.text();
  return { status: response.status, ...(response.status !== 200 && JSON.parse(text)), verdict: verdicts[0] };
}

const NOWHERE = 'http://127.0.0.1:1/';
const other = (pair: { username: string; password: string }) => ({ ...pair, username: 'nobody@example.test' });

describe('a guard in mode deny', () => {
  const deny = { mode: 'deny' } as const;

  test('follows the thresholds and allowed findings of the policy', async () => {
    const policy: PolicyOptions = { minTimesSeen: { password: 50 } };
    expect(await post(other(OFTEN), policy, deny)).toMatchObject({ status: 422, code: 'PASSWORD_LEAKED' });
    expect(await post(other(ONCE), policy, deny)).toMatchObject({ status: 200, verdict: { status: 'password' } });
    expect(await post(ONCE, policy, deny), 'a pair has no threshold').toMatchObject({ status: 422 });
    expect(await post(ONCE, { pair: 'allow', password: 'allow' }, deny)).toMatchObject({ status: 200 });
    const strange = { ...OFTEN, password: 'never seen' };
    expect(await post(strange, undefined, deny)).toMatchObject({ status: 200, verdict: { status: 'username' } });
    expect(await post(strange, { username: 'deny' }, deny)).toMatchObject({ status: 422, code: 'USERNAME_LEAKED' });
  });

  test('follows the policy for failures, unless an option overrides it', async () => {
    const closed: PolicyOptions = { onError: 'deny' };
    expect(await post(OFTEN, undefined, deny, NOWHERE)).toMatchObject({ status: 200, verdict: { action: 'allow' } });
    const refused = { status: 503, code: 'CHECK_UNAVAILABLE', verdict: { action: 'deny' } };
    expect(await post(OFTEN, closed, deny, NOWHERE)).toMatchObject(refused);
    expect(await post(OFTEN, closed, { ...deny, onError: 'allow' }, NOWHERE)).toMatchObject({ status: 200 });
    expect(await post(OFTEN, closed, { ...deny, denyOn: ['pair'] as const }, NOWHERE)).toMatchObject({ status: 200 });
  });

  test('refuses what cannot be read in one way, whatever the policy and onError', async () => {
    const skip = (): never => {
      throw new Error('no');
    };
    const unread = { status: 400, code: 'CREDENTIAL_UNREADABLE', verdict: { reason: 'CREDENTIAL_UNREADABLE' } };
    for (const policy of [undefined, { onError: 'deny' }, { pair: 'allow', password: 'allow' }] as const)
      for (const onError of ['allow', 'deny', () => 'allow' as const] as const)
        for (const credential of [{ ...OFTEN, password: '' }, { password: 'x'.repeat(65_536) }, OFTEN]) {
          const options = { ...deny, onError, maxBodyBytes: 100_000, ...(credential === OFTEN && { skip }) };
          const answer = await post(credential, policy, { ...options, denyOn: ['pair'] as const });
          const reason = answer.verdict?.reason;
          if (credential === OFTEN) expect(answer).toMatchObject(unread);
          else if (!('username' in credential)) expect([answer.status, reason]).toEqual([400, 'FIELD_TOO_LONG']);
          else expect(answer.verdict?.status).toBe('username');
        }
  });

  test('refuses a credential whose password a function did not find, and passes none', async () => {
    const finding = (credential: Credential | undefined) => ({ ...deny, fields: () => credential });
    const refused = { status: 400, verdict: { status: 'unknown', reason: 'NOTHING_ASKED', action: 'challenge' } };
    expect(await post(OFTEN, undefined, finding({ username: 'a', password: undefined }))).toMatchObject(refused);
    expect(await post(OFTEN, undefined, finding({ username: 'nobody@example.test' }))).toMatchObject({ status: 200 });
    expect(await post(OFTEN, undefined, finding(undefined))).toEqual({ status: 200, verdict: undefined });
  });

  test('denies the findings of `denyOn` whatever the policy', async () => {
    const policy: PolicyOptions = { pair: 'allow', password: 'allow', minTimesSeen: { password: 50 } };
    expect(await post(other(ONCE), policy, { ...deny, denyOn: ['password'] as const })).toMatchObject({ status: 422 });
    expect(await post(ONCE, undefined, { ...deny, denyOn: ['username'] as const })).toMatchObject({ status: 422 });
  });
});

test('an eager guard in mode annotate denies nothing, and reports the action', async () => {
  expect(await post(OFTEN, { pair: 'deny' }, { eager: true })).toMatchObject({
    status: 200,
    verdict: { status: 'pair', action: 'deny', because: 'pair' },
  });
  const verdict = { status: 'unknown', action: 'deny' };
  expect(await post(OFTEN, { onError: 'deny' }, { eager: true }, NOWHERE)).toMatchObject({ status: 200, verdict });
});
