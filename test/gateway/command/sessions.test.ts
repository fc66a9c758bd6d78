// `credveil gateway sessions` and `sessions end`, beside a gateway of two workers.

import fs from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { SessionEntry } from '../../../gateway/identity/sessions/session-book.ts';
import { createWorkPlace, credveil } from '../../support/credveil.ts';
import { startGatewayCommand } from '../../support/gateway/command.ts';
import { echo, startOrigin } from '../../support/gateway/gateway.ts';
import { Browser } from '../../support/gateway/identity/browser.ts';
import { startProvider } from '../../support/gateway/identity/provider.ts';
import { CLIENT } from '../../support/gateway/identity/provider-configuration.ts';
import { EVERYONE } from '../../support/gateway/identity/sign-in-world.ts';

const APP = 'http://app.example/';
const OTHER = 'http://other.example/';

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
apps:
  app.example: { to: "${url}", access: { ${EVERYONE} } }
  other.example: { to: "${url}", access: { ${EVERYONE} } }
`,
  );
  const { ports, running, stop } = await startGatewayCommand(file);
  onTestFinished(stop);
  const signIn = async (user: string): Promise<Browser> => {
    provider.user = user;
    const browser = new Browser(() => ports[0] as number);
    for (const address of [APP, OTHER]) expect((await browser.open(address)).code).toBe(200);
    return browser;
  };
  const sessions = (args: readonly string[], input = '') =>
    credveil(['gateway', 'sessions', ...args, '--config', file], input);
  const list = async () => JSON.parse((await sessions(['--json'])).stdout) as SessionEntry[];
  return { provider, signIn, sessions, list, running };
}

/** By connections of their own, which reach both workers. */
const codesOf = async (browser: Browser, address = APP): Promise<number[]> =>
  [...new Set(await Promise.all(Array.from({ length: 24 }, async () => (await browser.get(address)).code)))].sort();

describe('credveil gateway sessions', () => {
  test('shows who has signed in, and ends a session, a person or an application', async () => {
    const { signIn, sessions, list, running, provider } = await world();
    const [ann, annAgain, ben, eve] = [
      await signIn('ann'),
      await signIn('ann'),
      await signIn('ben'),
      await signIn('eve'),
    ];
    for (const browser of [ann, annAgain, ben, eve]) expect(await codesOf(browser)).toEqual([200]);
    expect((await sessions([])).stdout).toMatch(/ID +PERSON +PROVIDER +SIGNED IN +SEEN +ENDS/);
    const all = await list();
    expect(all.map(({ person }) => person).sort()).toEqual([
      ...['ann@example.com', 'ann@example.com', 'ben@example.com', 'eve@example.com'],
    ]);

    const { id = '' } = all.find(({ person }) => person === 'ben@example.com') ?? {};
    const one = await sessions(['end', id]);
    expect(one.stdout).toContain('1 ended');
    await expect.poll(() => codesOf(ben)).toEqual([303]);

    const theirs = await sessions(['end', '--user', '--json'], 'Ann@Example.com\n');
    expect(JSON.parse(theirs.stdout)).toEqual({ ended: 2 });
    for (const browser of [ann, annAgain]) await expect.poll(() => codesOf(browser)).toEqual([303]);
    expect(await codesOf(eve)).toEqual([200]);

    const asked = provider.asked.get('/auth') ?? 0;
    expect((await sessions(['end', '--app', 'app.example'])).stdout).toContain('1 ended');
    await expect.poll(() => codesOf(eve)).toEqual([303]);
    expect(await codesOf(eve, OTHER)).toEqual([200]);
    expect((await eve.open(APP)).code).toBe(200);
    expect(provider.asked.get('/auth')).toBeGreaterThan(asked);

    const typo = await sessions(['end', '--app', 'ap.example']);
    expect(typo).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean app.example?') });
    expect((await sessions(['end', '--user'], 'anna@example.com\n')).stdout).toContain('0 ended: nobody');
    await signIn('ann');
    expect((await sessions(['end', '--all'])).stdout).toContain('2 ended');
    expect(await list()).toEqual([]);
    // One id in 64 begins so.
    const dashed = await sessions(['end', `-${'X'.repeat(42)}`]);
    expect(dashed).toMatchObject({ code: 0, stdout: expect.stringContaining('0 ended') });

    expect((await sessions(['end'])).stderr).toContain('name whose sessions end');
    expect(running.written.stdout + running.written.stderr).not.toContain('@example');
  });
});
