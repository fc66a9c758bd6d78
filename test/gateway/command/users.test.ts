// `credveil gateway users` and `factors`, beside a gateway of two workers that is killed meanwhile.

import fs from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import type { UserEntry } from '../../../gateway/factors/factor-messages.ts';
import { createWorkPlace, credveil } from '../../support/credveil.ts';
import { startGatewayCommand } from '../../support/gateway/command.ts';
import { Authenticator } from '../../support/gateway/factors/authenticator.ts';
import { AUTH, signedIn, stepUpOf } from '../../support/gateway/factors/factor-page.ts';
import { echo, startOrigin } from '../../support/gateway/gateway.ts';
import { Browser } from '../../support/gateway/identity/browser.ts';
import { startProvider } from '../../support/gateway/identity/provider.ts';
import { CLIENT } from '../../support/gateway/identity/provider-configuration.ts';
import { EVERYONE } from '../../support/gateway/identity/sign-in-world.ts';

const ANN = 'ann@example.com';

async function world() {
  const provider = await startProvider();
  const { url } = await startOrigin(echo);
  const place = createWorkPlace();
  onTestFinished(() => place.dispose());
  fs.chmodSync(place.write('secret', CLIENT.secret), 0o600);
  const file = place.write(
    'gateway.yaml',
    `listen: 127.0.0.1:0
workers: 2
auth: auth.example
identity:
  staff: { oidc: "${provider.issuer}", clientId: ${CLIENT.id}, clientSecretFile: secret }
factors: { methods: [security_key, totp], window: 1h }
apps:
  app.example: { to: "${url}", access: { ${EVERYONE} } }
`,
  );
  const run = (args: readonly string[], input = '') => credveil(['gateway', ...args, '--config', file], input);
  const json = async (args: readonly string[], input = ''): Promise<unknown> => {
    const { stdout, stderr } = await run([...args, '--json'], input);
    expect(stdout, stderr).not.toBe('');
    return JSON.parse(stdout);
  };
  let gateway = await startGatewayCommand(file);
  onTestFinished(() => gateway.stop());
  return {
    ...{ place, provider, run, json },
    browser: () => new Browser(() => gateway.ports[0] as number),
    /** As a power cut would, and again. */
    killAndStart: async () => {
      gateway.running.child.kill('SIGKILL');
      await gateway.running.ended;
      gateway = await startGatewayCommand(file);
    },
  };
}

test('imports, shows and changes whom the gateway knows', async () => {
  const opened = await world();
  const { place, run, json, browser, provider, killAndStart } = opened;
  const csv = place.write('staff.csv', `email,app,user\r\n${ANN},wiki,"Ann, the first"\r\nBen@example.com,,\r\n`);
  expect(await json(['users', 'import', csv])).toEqual({ read: 2, added: 2, unknownApps: ['wiki'] });
  const again = await run(['users', 'import', csv]);
  expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('0 of them new') });
  expect(again.stderr).toContain('no application wiki\n  It has: app.example.');
  expect((await run(['users', 'import', `${csv}.x`])).stderr).toContain(`${csv}.x does not exist`);
  const semicolons = place.write('semicolons.csv', `email;app;user\n${ANN};wiki;ann\n`);
  expect((await run(['users', 'import', semicolons])).stderr).toContain('with commas between');
  expect((await run(['users', 'code'], 'ben@example.com')).stderr).toBe('');
  expect((await run(['users', 'code'], 'bne@example.com')).stderr).toContain('is the address right?');
  // Nothing stays of somebody who never had a factor.
  expect((await run(['users', 'remove'], 'bne@example.com')).stdout).toContain('removed');
  const wrong = place.write('wrong.csv', 'email\nno address\n');
  expect((await run(['users', 'import', wrong])).stderr).toContain('line 2 has no e-mail address');

  const key = new Authenticator(AUTH);
  const ann = await signedIn({ browser, provider });
  expect((await ann.own.enrolKey(key)).code).toBe(200);
  expect((await ann.browser.open('http://app.example/page')).code).toBe(200);
  const { code } = (await json(['users', 'code'], `${ANN}\n`)) as { code: string };
  expect((await ann.own.enrolKey(new Authenticator(AUTH), 'biometrics', code)).code).toBe(200);

  await killAndStart();
  const users = (await json(['users'])) as UserEntry[];
  expect(users.map(({ user, factors }) => [user, factors.length]).sort()).toEqual([
    [ANN, 2],
    ['ben@example.com', 0],
  ]);
  const shown = await run(['factors'], ANN);
  expect(shown.stdout).toContain('my security_key');
  expect((await ann.own.enrolKey(new Authenticator(AUTH), 'biometrics', code)).body).toMatchObject({
    code: 'FACTOR_WRONG',
  });
  // The session went on; then its factor goes, on both workers.
  expect((await ann.browser.open('http://app.example/page')).code).toBe(200);
  expect(await stepUpOf(ann.browser)).toBeUndefined();
  const [{ factors: [first] = [] } = {}] = users.filter(({ user }) => user === ANN);
  expect((await json(['factors', 'remove', first?.id ?? ''], ANN)) as object).toMatchObject({ removed: [{}] });
  const asked = await Promise.all(Array.from({ length: 24 }, () => stepUpOf(ann.browser)));
  expect(asked.every((each) => each !== undefined)).toBe(true);
  expect((await run(['users', 'remove'], ANN)).stdout).toContain('removed');
  expect((await run(['factors'], ANN)).stdout).toContain('no factors');
  // Whoever had one gets no window again.
  await json(['users', 'import', csv]);
  expect((await ann.own.enrolKey(key)).body).toMatchObject({ code: 'SIGN_IN_REQUIRED' });
  const back = await signedIn({ browser, provider });
  expect((await back.own.enrolKey(key)).body).toMatchObject({ code: 'ENROLMENT_CLOSED' });
  expect((await run(['factors'], 'nobody@example.com')).code).not.toBe(0);
});
