// A provider of the configuration that becomes another one by the same name, in a gateway of two
// workers: the sessions of its people end, and none comes back with it.

import fs from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createWorkPlace, credveil } from '../../support/credveil.ts';
import { type GatewayCommand, startGatewayCommand } from '../../support/gateway/command.ts';
import { echo, startOrigin } from '../../support/gateway/gateway.ts';
import { Browser } from '../../support/gateway/identity/browser.ts';
import { startProvider } from '../../support/gateway/identity/provider.ts';
import { CLIENT } from '../../support/gateway/identity/provider-configuration.ts';
import { EVERYONE } from '../../support/gateway/identity/sign-in-world.ts';

const APP = 'http://app.example/';

async function world() {
  // Both have an account `ann`.
  const [first, second] = [await startProvider(), await startProvider()];
  const { url } = await startOrigin(echo);
  const place = createWorkPlace();
  onTestFinished(() => place.dispose());
  fs.chmodSync(place.write('secret', CLIENT.secret), 0o600);
  let started: GatewayCommand | undefined;
  let file = '';
  const write = (staff: string): string => {
    file = place.write(
      'gateway.yaml',
      `listen: 127.0.0.1:0
workers: 2
auth: auth.example
identity:
  staff: { ${staff}, clientId: ${CLIENT.id}, clientSecretFile: secret }
apps:
  app.example: { to: "${url}", access: { ${EVERYONE} } }
`,
    );
    return file;
  };
  const start = async (staff: string): Promise<void> => {
    await started?.stop();
    started = await startGatewayCommand(write(staff));
  };
  onTestFinished(() => started?.stop());
  const reload = async (staff: string): Promise<void> => {
    write(staff);
    const { running } = started as GatewayCommand;
    const before = running.written.stderr.length;
    running.child.kill('SIGHUP');
    const logged = (): string => running.written.stderr.slice(before);
    await expect.poll(logged).toContain('config-reloaded');
  };
  const browser = (): Browser => new Browser(() => started?.ports[0] as number);
  const count = async (): Promise<number> => {
    const { stdout } = await credveil(['gateway', 'sessions', '--json', '--config', file]);
    return (JSON.parse(stdout) as unknown[]).length;
  };
  const check = async (): Promise<string> => (await credveil(['gateway', '--config', file, '--check'])).stderr;
  return { check, first: `oidc: "${first.issuer}"`, second: `oidc: "${second.issuer}"`, start, reload, browser, count };
}

/** By connections of their own, which reach both workers. */
const codesOf = async (browser: Browser): Promise<number[]> =>
  [...new Set(await Promise.all(Array.from({ length: 8 }, async () => (await browser.get(APP)).code)))].sort();

describe('another issuer by the same name', () => {
  test('has nobody of the one before', async () => {
    const { first, second, browser, check, count, start, reload } = await world();
    await start(first);
    expect(await check()).toContain('the provider staff answers\n');
    const ann = browser();
    expect((await ann.open(APP)).code).toBe(200);
    // What says nothing of who somebody is changes nothing.
    await reload(`${first}, label: Staff`);
    expect(await codesOf(ann)).toEqual([200]);

    await reload(second);
    // Workers apply it one after the other.
    await expect.poll(() => codesOf(ann)).toEqual([303]);
    expect(ann.jarOf({ hostname: 'auth.example' }).get('cv-session')).toBeDefined();
    expect((await ann.get('http://auth.example/')).text).toContain('Sign in');
    await expect.poll(count).toBe(0);
    // It has ended: with the issuer, it does not come back.
    await start(first);
    expect(await codesOf(ann)).toEqual([303]);

    expect((await ann.open(APP)).code).toBe(200);
    await start(second);
    expect(await codesOf(ann)).toEqual([303]);
  });
});
