// The gateway's own pages in Firefox: an app for codes is added, a code is asked for on the way to
// an application, and all sessions are ended.

import { expect, onTestFinished, test } from 'vitest';
import { appCode } from '../../support/gateway/factors/book.ts';
import { launcherSite } from '../../support/gateway/identity/launcher-site.ts';
import { personOf } from '../../support/gateway/identity/people.ts';
import { Firefox } from '../../support/machine/firefox.ts';

const ANN = personOf('ann');
const KEYS = 'factors: { methods: [security_key, biometrics, totp] }';

test('people add an app for codes, confirm with it, and sign out, in Firefox', async () => {
  const { origin, enter, kept } = await launcherSite((_request, response) => void response.end('wiki'), KEYS);
  const firefox = await Firefox.start();
  onTestFinished(() => firefox.close());
  /** In a new session, which has shown nothing. */
  const signIn = async (): Promise<void> => {
    await firefox.goto(`${origin('auth')}/signed-out`);
    await enter(ANN, 'Firefox on Linux', {
      addCookies: async (cookies) => {
        for (const { name, value, httpOnly, sameSite } of cookies)
          await firefox.ask('WebDriver:AddCookie', { cookie: { name, value, httpOnly, sameSite, path: '/' } });
      },
    });
  };
  const done = () => firefox.evaluate("return document.querySelector('[role=status]')?.textContent");

  await signIn();
  await firefox.goto(`${origin('auth')}/enrol`);
  await firefox.type('#enrolment', await kept.admin.makeCode('ann@example.com'));
  await firefox.type('#name', 'Phone');
  await firefox.click('button[value=totp]');
  const secret = String(await firefox.evaluate("return document.querySelector('#secret').textContent"));
  await firefox.screenshot('firefox-totp');
  await firefox.type('#code', appCode(secret.replaceAll(' ', ''), Date.now()));
  await firefox.click('.enrol .primary');
  await expect.poll(done).toBe('It was added.');

  await signIn();
  await firefox.goto(`${origin('wiki')}/`);
  expect(await firefox.evaluate('return location.pathname')).toBe('/step-up');
  await firefox.screenshot('firefox-step-up');
  // Each code counts once; the next one counts already.
  await firefox.type('#code', appCode(secret.replaceAll(' ', ''), Date.now() + 30_000));
  await firefox.click('#code-part .primary');
  await expect.poll(() => firefox.evaluate('return location.origin')).toBe(origin('wiki'));
  expect(await firefox.evaluate('return document.body.textContent')).toBe('wiki');

  await firefox.goto(`${origin('auth')}/`);
  expect(await firefox.evaluate('return document.body.innerText')).toContain('Team wiki');
  await firefox.screenshot('firefox-launcher');
  await firefox.goto(`${origin('auth')}/sessions`);
  await firefox.click('.danger');
  await expect.poll(() => firefox.evaluate('return document.title')).toContain('Signed out');
});
