// `credveil gateway` with a leak service: what --check prints, what the log has, and a reload.

import fs from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addClient } from '../../../access/client-file.ts';
import { type CredveilServer, startServer } from '../../../server/server.ts';
import { createWorkPlace, credveil, type WorkPlace } from '../../support/credveil.ts';
import { type MadeDataset, makeDataset, seededKey, seededPairs } from '../../support/dataset.ts';
import { startGatewayCommand } from '../../support/gateway/command.ts';
import { keyPinOf } from '../../support/pins.ts';

let place: WorkPlace;
let made: MadeDataset;
let server: CredveilServer;
let keyFile: string;

beforeAll(async () => {
  place = createWorkPlace();
  made = await makeDataset({ pairs: seededPairs(5) });
  server = await startServer(made.folder, { port: 0 });
  keyFile = place.write('leaks.pin', keyPinOf(made).key);
  fs.chmodSync(keyFile, 0o600);
});
afterAll(async () => {
  await server.close();
  made.dispose();
  place.dispose();
});

const configFile = (leaks: string): string =>
  place.write(
    'gateway.yaml',
    `listen: 127.0.0.1:0\nworkers: 2\napps: { app.example: { to: "http://127.0.0.1:1" } }\nleaks: ${leaks}\n`,
  );
const right = (): string => `{ url: "${server.url}", keyFile: leaks.pin }`;

test('--check asks the service, and prints whether it can be used', async () => {
  const ready = await credveil(['gateway', '--config', configFile(right()), '--check']);
  expect(ready).toMatchObject({ code: 0, stderr: expect.stringContaining('the leak service answers') });
  const away = ['gateway', '--config', configFile('{ url: "http://127.0.0.1:9", keyFile: leaks.pin }'), '--check'];
  expect(await credveil(away)).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/cannot be used now \(NETWORK\)/),
  });
  const { stdout } = await credveil([...away, '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, leaks: { state: 'unavailable', code: 'NETWORK' } });
});

test('--check and the log name keys of the gateway, and no option of the SDK', async () => {
  const clientsFile = place.at('listed.json');
  addClient(clientsFile, 'another', {});
  const listed = await startServer(made.folder, { port: 0, clientsFile, quotaFile: place.at('listed.quota') });
  const file = configFile(`{ url: "${listed.url}", keyFile: leaks.pin }`);
  const { running, stop } = await startGatewayCommand(file);
  try {
    const { code, stderr } = await credveil(['gateway', '--config', file, '--check']);
    expect([code, stderr]).toEqual([0, expect.stringContaining('cannot be used now (CLIENT_REFUSED)')]);
    const logged = (): string =>
      running.written.stderr.split('\n').find((line) => line.includes('"leaks-unavailable"')) ?? '';
    await expect.poll(logged).toContain('CLIENT_REFUSED');
    for (const text of [stderr, logged()]) {
      expect(text).toContain('leaks.clientKeyFile');
      expect(text).not.toContain('Set clientKey');
    }
  } finally {
    await stop();
    await listed.close();
  }
});

test('--check refuses files that cannot be used, and keys that contradict each other', async () => {
  const missing = await credveil([
    'gateway',
    '--config',
    configFile(`{ url: "${server.url}", keyFile: none }`),
    '--check',
  ]);
  expect(missing).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/KEY_FILE_MISSING: leaks\.keyFile: .*\n {2}Name the file with leaks\.keyFile\./),
  });
  const nothing = await credveil(['gateway', '--config', configFile(`{ url: "${server.url}" }`), '--check']);
  expect(nothing).toMatchObject({ code: 2, stderr: expect.stringContaining('leaks needs keyFile or trust') });
});

test('--check names the key of a secret that is missing', async () => {
  const config = (keys: string) => {
    const place = createWorkPlace();
    return place.write(
      'gateway.yaml',
      `listen: 127.0.0.1:0\nadmin: off\n${keys}\napps: { app.example: { to: "http://127.0.0.1:1" } }\n`,
    );
  };
  const of = (provider: string) => `auth: auth.example\nidentity: { staff: ${provider} }`;
  for (const [keys, key] of [
    [of('{ oidc: "http://127.0.0.1:1", clientId: a, clientSecretFile: none }'), 'identity.staff.clientSecretFile'],
    [
      of('{ pin: { smtp: "smtp://127.0.0.1:9", from: a@b.example, to: ["@b.example"], user: a, passwordFile: none } }'),
      'identity.staff.pin.passwordFile',
    ],
    ['outcome: { tokenFile: none }', 'outcome.tokenFile'],
  ] as const) {
    const { code, stderr } = await credveil(['gateway', '--config', config(keys), '--check']);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`KEY_FILE_MISSING: ${key}: `)]);
    expect(stderr).toContain(`Name the file with ${key}.`);
  }
});

test('a reload takes up a key file that changed, and no log line has a key', async () => {
  const file = configFile(right());
  const { running, stop } = await startGatewayCommand(file);
  const logged = (event: string): number => running.written.stderr.split(`"${event}"`).length - 1;
  try {
    await expect.poll(() => logged('leaks-ready')).toBe(2);
    running.child.kill('SIGHUP');
    await expect.poll(() => logged('config-reloaded')).toBe(1);
    fs.writeFileSync(keyFile, seededKey('hmac', 2).revealPin(made.dataset.id) as string);
    running.child.kill('SIGHUP');
    await expect.poll(() => logged('leaks-unavailable')).toBe(2);
    expect(logged('leaks-ready')).toBe(2);
    const args = fs.readFileSync(`/proc/${running.child.pid}/cmdline`, 'latin1');
    const secret = keyPinOf(made).key.split('.').at(-1) as string;
    for (const text of [running.written.stderr, running.written.stdout, args]) expect(text).not.toContain(secret);
  } finally {
    fs.writeFileSync(keyFile, keyPinOf(made).key);
    await stop();
  }
});
