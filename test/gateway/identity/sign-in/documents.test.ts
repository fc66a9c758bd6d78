// What a provider, or a browser on its way back, puts into documents and answers.

import { expect, test } from 'vitest';
import { createFetch, isSafeAddress } from '../../../../gateway/identity/sign-in/bounded-fetch.ts';
import { startWorld } from '../../../support/gateway/identity/sign-in-world.ts';

const APP = 'http://app.example/page';

test.each([
  ['https://idp.example/keys', true, true],
  ['http://127.0.0.1:1/keys', true, false],
  ['http://[::1]/keys', true, false],
  ['http://localhost/keys', true, false],
  ['http://169.254.169.254/latest', false, false],
  ['http://127.0.0.1.evil.example/', false, false],
  ['http://idp.example/keys', false, false],
  ['file:///etc/passwd', false, false],
  ['javascript:alert(1)', false, false],
  ['data:application/json,{}', false, false],
  ['keys', false, false],
])('%s is asked by a provider on this machine: %s, and of the network: %s', async (url, isOfLocal, isOfOthers) => {
  expect(isSafeAddress(url, true)).toBe(isOfLocal);
  expect(isSafeAddress(url, false)).toBe(isOfOthers);
  if (!isOfOthers) await expect(createFetch({ ca: undefined, isLocal: false })(url)).rejects.toThrow('without TLS');
});

test.each(['jwks_uri', 'authorization_endpoint', 'end_session_endpoint', 'token_endpoint', 'userinfo_endpoint'])(
  'a document whose %s is not under TLS opens nothing',
  async (name) => {
    for (const place of ['http://192.0.2.1/', 'javascript:alert(1)', 'file:///etc/passwd']) {
      const { browser, provider } = await startWorld();
      provider.alter = (path, body) =>
        path.startsWith('/.well-known') ? JSON.stringify({ ...JSON.parse(body), [name]: place }) : undefined;
      const page = await browser().open(APP);
      expect(page.code, place).toBe(502);
      expect(page.text).not.toContain(place);
    }
  },
);

test.each(['/.well-known/openid-configuration', '/token', '/jwks', '/me'])(
  'an answer of %s without end takes no memory',
  async (where) => {
    const { browser, provider } = await startWorld();
    provider.alter = (path) => (path === where ? `{"x":"${'x'.repeat(2 ** 21)}"}` : undefined);
    expect((await browser().open(APP)).code).toBe(502);
  },
);

test('what a browser brings back as an error does not stand in the log', async () => {
  const { browser, events } = await startWorld();
  for (const [error, reason] of [
    ['ann_example_com', 'unnamed'],
    ['login_required', 'login_required'],
  ] as const) {
    const { url } = await browser().open(APP, { stopAt: ({ hostname }) => hostname === '127.0.0.1' });
    const way = browser();
    const begun = await way.open(APP, { stopAt: ({ hostname }) => hostname === '127.0.0.1' });
    const back = new URL('http://auth.example/callback/staff');
    back.searchParams.set('state', begun.url.searchParams.get('state') ?? '');
    back.searchParams.set('iss', url.origin);
    back.searchParams.set('error', error);
    expect((await way.get(back)).code).toBe(403);
    expect(events.findLast(({ event }) => event === 'sign-in-failed')).toMatchObject({ reason });
  }
  expect(JSON.stringify(events)).not.toContain('ann_example');
});
