// How long ago somebody showed who they are is what their provider says, and not when the gateway
// heard of it: a provider that remembers them asks nobody.

import { expect, test } from 'vitest';
import { createTestClock } from '../../../support/clock.ts';
import type { Browser } from '../../../support/gateway/identity/browser.ts';
import { startWorld } from '../../../support/gateway/identity/sign-in-world.ts';

const MINUTE = 60_000;
const EVERYONE = 'action: allow, include: [{ everyone: true }]';
const PAY = `policies: [{ name: all, ${EVERYONE} }, { name: pay, ${EVERYONE}, paths: /pay, session: { absolute: 10m } }]`;
const SKIP = 'factors: { methods: [totp], every: 1h, skipWhereAmr: [mfa, otp] }';
/** The provider remembers people for a day. */
const LONG = {
  ttl: { AccessToken: 60, AuthorizationCode: 60, IdToken: 60, Grant: 600, Interaction: 600, Session: 86_400 },
};

const WITH_AMR = { ...LONG, claims: { openid: ['sub', 'amr'], email: ['email', 'email_verified'] } };

/** Who has the session of the provider, and nothing of the gateway. */
const forgetGateway = (browser: Browser): void => {
  for (const hostname of ['auth.example', 'app.example', 'other.example']) browser.jarOf({ hostname }).clear();
};
const isAtProvider = ({ hostname }: URL): boolean => hostname === '127.0.0.1';

test('a policy has the provider ask again, and no silent sign-in makes it younger', async () => {
  const clock = createTestClock();
  const { browser, provider } = await startWorld({ access: PAY, configuration: LONG });
  const ann = browser();
  expect((await ann.open('http://app.example/pay')).code).toBe(200);
  const asked = (): number => [...provider.asked].filter(([path]) => path.startsWith('/interaction/')).length;
  expect(asked()).toBe(1);
  clock.pass(11 * MINUTE);
  forgetGateway(ann);
  expect((await ann.open('http://other.example/')).code).toBe(200);
  expect((await ann.open('http://app.example/')).code).toBe(200);
  expect(asked()).toBe(1);
  expect((await ann.get('http://app.example/pay')).code).toBe(303);
  expect((await ann.open('http://app.example/pay')).code).toBe(200);
  expect(asked()).toBe(2);
});

test.each([
  ['left out', (url: URL) => url.searchParams.delete('max_age')],
  ['made longer', (url: URL) => url.searchParams.set('max_age', '99999')],
])('who changes what the provider is asked for has not signed in: max_age %s', async (_, change) => {
  const clock = createTestClock();
  const { browser } = await startWorld({ access: PAY, configuration: LONG });
  const ann = browser();
  await ann.open('http://app.example/pay');
  clock.pass(11 * MINUTE);
  const { url } = await ann.open('http://app.example/pay', { stopAt: isAtProvider });
  expect(url.searchParams.get('max_age')).toBe('600');
  change(url);
  const page = await ann.open(url);
  expect(page.code).toBe(502);
  expect((await ann.get('http://app.example/pay')).code).toBe(303);
});

test('skipWhereAmr spares a factor for as long as the provider has asked, and not where it does not say', async () => {
  const clock = createTestClock();
  const { browser, provider } = await startWorld({ more: SKIP, claims: { amr: ['mfa'] }, configuration: WITH_AMR });
  const ann = browser();
  const end = async (): Promise<string> => (await ann.open('http://app.example/x', { stopAt: isStepUp })).url.pathname;
  expect(await end()).toBe('/x');
  clock.pass(61 * MINUTE);
  expect(await end()).toBe('/step-up');
  forgetGateway(ann);
  expect(await end()).toBe('/step-up');
  const bob = browser();
  provider.user = 'bob';
  const { url } = await bob.open('http://app.example/x', { stopAt: isAtProvider });
  url.searchParams.delete('max_age');
  const page = await bob.open(url, { stopAt: isStepUp });
  expect(page.url.pathname).toBe('/step-up');
});

const isStepUp = ({ pathname }: URL): boolean => pathname === '/step-up';
