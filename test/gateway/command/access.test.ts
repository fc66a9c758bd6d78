// `credveil gateway access test` and `credveil gateway tokens`.

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AccessTestFlags } from '../../../cli/gateway/access-facts.ts';
import { describe as describeAccess, testedAccess } from '../../../cli/gateway/access-test.ts';
import { createWorkPlace, credveil } from '../../support/credveil.ts';
import { startGatewayCommand } from '../../support/gateway/command.ts';
import { echo, exchange, startOrigin } from '../../support/gateway/gateway.ts';
import { mmdbOf } from '../../support/gateway/mmdb.ts';
import { tlsKey } from '../../support/gateway/tls.ts';

const POLICIES = `    access:
      policies:
        - { name: staff, action: allow, include: [{ emailDomain: example.com }], exclude: [{ address: 203.0.113.0/24 }] }
        - { name: finance, action: allow, include: [{ group: finance }], require: [{ address: $office }], paths: /finance }
        - { name: ci, action: service, include: [{ serviceToken: deploy }], paths: /deploy }
        - { name: late, action: block, include: [{ address: $late }], paths: /late }
`;

function configFile(url = 'http://127.0.0.1:1', workers = 0): string {
  const file = path.join(createWorkPlace().home, 'gateway.yaml');
  fs.writeFileSync(
    file,
    `listen: 127.0.0.1:0\nworkers: ${workers}\nadmin: off\nlists: { office: { items: [192.0.2.0/24] }, late: { file: late } }\napps:\n  app.example:\n    to: "${url}"\n${POLICIES}  "*.open.example": { to: "${url}" }\n`,
  );
  return file;
}

type Flags = Partial<Omit<AccessTestFlags, 'config'>>;
const OFFICE = '192.0.2.1';
const ANN = { user: 'Ann@example.com', address: OFFICE };
const FINANCE = { user: 'a@b.test', group: ['x', 'finance'], address: OFFICE };

const ask = (path: string, flags: Flags = {}) =>
  testedAccess({ config: configFile(), app: 'app.example', path, ...flags });

describe('credveil gateway access test', () => {
  const cases: readonly (readonly [path: string, flags: Flags, isAllowed: boolean, why: string])[] = [
    ['/', ANN, true, 'allow by staff'],
    ['/', { ...ANN, user: 'ann@example.org' }, false, 'no policy lets it in'],
    ['/', { ...ANN, address: '203.0.113.9' }, false, 'no policy lets it in'],
    // Nobody knows from where.
    ['/', { user: ANN.user }, false, 'no policy lets it in'],
    ['/', { address: OFFICE }, false, 'nobody has signed in'],
    ['/finance/x?y', ANN, false, 'no policy lets it in'],
    ['/finance', FINANCE, true, 'allow by finance'],
    ['/finance', { ...FINANCE, address: '198.51.100.1' }, false, 'no policy lets it in'],
    ['/Finance', FINANCE, false, 'no policy lets it in'],
    ['/Finance', { ...FINANCE, user: ANN.user }, true, 'allow by '],
    ['/deploy/1', { token: 'deploy' }, true, 'service by ci'],
    ['/deploy/1', { token: 'backup' }, false, 'no policy lets it in'],
    ['/late', ANN, false, 'blocked by late'],
    ['/x/..%2ffinance', ANN, false, 'servers read this path in different ways'],
    ['/a//b', ANN, false, 'it is redirected'],
  ];
  test('says that a session which has moved shows a factor first', async () => {
    const place = createWorkPlace();
    const config = (drift: string) =>
      place.write(
        `${drift}.yaml`,
        `listen: { address: "127.0.0.1:0", protocol: https }
tls: ${tlsKey('first')}
auth: auth.example
identity: { staff: { oidc: "https://idp.example", clientId: gateway } }
geo: { asnFile: ${JSON.stringify(place.write('asn.mmdb', mmdbOf({})))} }
sessions: { drift: ${drift} }
apps: { app.example: { to: "http://127.0.0.1:1", access: { policies: [{ name: all, action: allow, include: [{ everyone: true }] }] } } }
`,
      );
    const told = async (drift: string, user?: string) =>
      describeAccess(
        await testedAccess({ config: config(drift), app: 'app.example', path: '/', ...(user && { user }) }),
      );
    expect(await told('step_up', ANN.user)).toContain('(drift), they show a factor first');
    expect(await told('step_up')).not.toContain('drift');
    expect(await told('off', ANN.user)).not.toContain('drift');
  });

  test('asks for factors as a gateway does', async () => {
    const file = path.join(createWorkPlace().home, 'gateway.yaml');
    fs.writeFileSync(
      file,
      `listen: 127.0.0.1:0
admin: off
trustedProxies: [127.0.0.1]
auth: auth.example
identity: { staff: { oidc: "https://idp.example", clientId: gateway } }
factors: { methods: [totp, security_key], every: 8h, skipWhereAmr: [mfa] }
apps:
  app.example:
    to: http://127.0.0.1:1
    access:
      factors: { paths: { /admin: { methods: [security_key], every: 0m } } }
      policies:
        - { name: all, action: allow, include: [{ everyone: true }] }
        - { name: keys, action: allow, include: [{ emailDomain: example.com }], require: [{ factor: biometrics }], paths: /keys }
`,
    );
    const first = async (flags: Flags & { path: string }) => {
      const tested = await testedAccess({ config: file, app: 'app.example', user: 'ann@example.com', ...flags });
      const [answer, ...lines] = describeAccess(tested).split('\n');
      return [answer, ...lines.filter((line) => /^(?:why|needs)/.test(line))].join(' | ');
    };
    expect(await first({ path: '/' })).toBe(
      'not allowed | why    all lets in who shows a factor beside | needs  totp or security_key, every 8h',
    );
    expect(await first({ path: '/', factor: ['totp'] })).toBe('allowed | why    allow by all');
    expect(await first({ path: '/', amr: ['mfa'] })).toBe('allowed | why    allow by all');
    expect(await first({ path: '/admin', factor: ['totp'] })).toContain('needs  security_key, for each page anew');
    expect(await first({ path: '/admin', factor: ['security_key'] })).toContain('allowed');
    expect(await first({ path: '/keys' })).toBe('not allowed | why    they could be let in with biometrics');
    await expect(first({ path: '/', factor: ['otp'] })).rejects.toThrow('--factor is no method');
  });

  test('knows how long ago somebody signed in, and was away', async () => {
    const { write } = createWorkPlace();
    const file = write(
      'gateway.yaml',
      `listen: 127.0.0.1:0
admin: off
trustedProxies: [127.0.0.1]
auth: auth.example
identity: { staff: { oidc: "https://idp.example", clientId: gateway } }
apps:
  app.example:
    to: http://127.0.0.1:1
    access:
      session: { absolute: 12h, idle: 1h }
      policies:
        - { name: all, action: allow, include: [{ everyone: true }] }
        - { name: pay, action: allow, include: [{ everyone: true }], paths: /pay, session: { absolute: 2h, idle: 10m } }
`,
    );
    const lines = async (path: string, times: Flags) =>
      describeAccess(await testedAccess({ config: file, app: 'app.example', user: 'ann@example.com', path, ...times }));
    expect(await lines('/pay', {})).toMatch(/^allowed\n.*session absolute: 2h {2}true\n +session idle: 10m {2}true$/s);
    expect(await lines('/pay', { signedIn: '2h' })).toMatch(/^not allowed\n.*too long ago.*absolute: 2h {2}false/s);
    expect(await lines('/pay', { idle: '10m' })).toMatch(/^not allowed\n.*were away.*idle: 10m {2}false/s);
    for (const times of [{ signedIn: '2h' }, { idle: '10m' }]) expect(await lines('/', times)).toMatch(/^allowed/);
    for (const times of [{ signedIn: '12h' }, { idle: '1h' }])
      expect(await lines('/', times)).toMatch(/^not allowed\n.*their session has ended/s);
    await expect(lines('/', { idle: 'long' })).rejects.toThrow('--idle is no duration');
  });

  test('takes nobody for signed in who signed in elsewhere', async () => {
    const file = path.join(createWorkPlace().home, 'gateway.yaml');
    const provider = (id: string) => `{ oidc: "https://idp.example", clientId: ${id} }`;
    fs.writeFileSync(
      file,
      `listen: 127.0.0.1:0
admin: off
trustedProxies: [127.0.0.1]
auth: auth.example
identity: { staff: ${provider('a')}, guests: ${provider('b')} }
apps:
  app.example:
    to: http://127.0.0.1:1
    access:
      providers: [staff]
      policies: [{ name: all, action: allow, include: [{ provider: staff }] }]
`,
    );
    const asked = (provider?: string) =>
      testedAccess({
        ...{ config: file, app: 'app.example', path: '/', user: 'ann@example.com' },
        ...(provider !== undefined && { provider }),
      });
    expect((await asked()).isAllowed).toBe(true);
    expect((await asked('staff')).isAllowed).toBe(true);
    const guest = await asked('guests');
    expect(guest).toMatchObject({ isAllowed: false, decision: { verdict: 'sign-in' } });
    expect(describeAccess(guest)).toContain('signed in with guests, which');
    await expect(asked('staf')).rejects.toMatchObject({ hint: expect.stringContaining('Did you mean staff?') });
  });

  test.each(cases)('judges %s for %j as a gateway does', async (path, flags, isAllowed, why) => {
    const tested = await ask(path, flags);
    expect(tested.isAllowed).toBe(isAllowed);
    const lines = describeAccess(tested).split('\n');
    expect(lines[0]).toBe(isAllowed ? 'allowed' : 'not allowed');
    expect(lines.find((line) => line.startsWith('why'))).toContain(why);
  });

  test('shows what an application without policies is', async () => {
    expect(describeAccess(await ask('/', { app: '*.open.example' }))).toContain('open to everybody');
  });

  test.each<readonly [string, Flags, string]>([
    ['/', { app: 'ap.example' }, 'the configuration has no application ap.example'],
    ['/', { user: 'ann' }, '--user is no e-mail address'],
    ['x', {}, '--path is no path'],
    ['/', { address: 'x' }, '--address is no address'],
    ['/', { user: 'a@b.c', claim: ['x'] }, '--claim has no value'],
  ])('names what is wrong with %s and %j', async (path, flags, message) => {
    await expect(ask(path, flags)).rejects.toThrow(message);
  });

  test('prints each policy and selector, and reads a name from standard input', async () => {
    const args = ['--app', 'app.example', '--path', '/', '--address', '198.51.100.1', '--user', '-'];
    const run = (...more: string[]) =>
      credveil(['gateway', 'access', 'test', '--config', configFile(), ...args, ...more], 'ann@example.com\n');
    const { stdout, code } = await run();
    expect(code).toBe(0);
    expect(stdout).toContain('policy staff (allow): true\n');
    expect(stdout).toContain('         include emailDomain: example.com  true\n');
    expect(stdout).toContain('         exclude address: 203.0.113.0/24  false\n');
    expect(stdout).toContain('policy finance (allow): not for this path\n');
    const json = JSON.parse((await run('--json')).stdout);
    expect(json).toMatchObject({
      app: 'app.example',
      isAllowed: true,
      decision: { verdict: 'allow', policy: 'staff' },
    });
  });
});

describe('credveil gateway tokens', () => {
  test('are created, shown and revoked beside a gateway of two workers', async () => {
    const { url } = await startOrigin(echo);
    const file = configFile(url, 2);
    const { ports, stop } = await startGatewayCommand(file);
    const tokens = (...args: string[]) => credveil(['gateway', 'tokens', ...args, '--config', file]);
    try {
      expect((await tokens()).stdout).toBe('no service tokens\n');
      const created = await tokens('create', 'deploy', '--for', '90d');
      expect(created.code).toBe(0);
      expect(created.stderr).toContain('shown this once');
      const [, id = '', secret = ''] =
        /^Credveil-Token-Id: (\S+)\nCredveil-Token-Secret: (\S+)\n$/.exec(created.stdout) ?? [];
      const lines = `GET /deploy HTTP/1.1\r\nHost: app.example\r\n${created.stdout.trim().replace('\n', '\r\n')}\r\n\r\n`;
      const statuses = () =>
        Promise.all(Array.from({ length: 8 }, async () => (await exchange(ports[0] ?? 0, lines)).status));
      await expect.poll(statuses).toEqual(Array(8).fill(200));

      const shown = await tokens();
      expect(shown.stdout).toMatch(
        new RegExp(`ID +NAME +CREATED +EXPIRES\n${id} +deploy +\\d{4}-\\d\\d-\\d\\d +\\d{4}-`),
      );
      expect(shown.stdout).not.toContain(secret);
      expect(await tokens('revoke', id)).toMatchObject({ code: 0, stdout: 'revoked deploy\n' });
      await expect.poll(statuses).toEqual(Array(8).fill(403));
      expect((await tokens()).stdout).toBe('no service tokens\n');
    } finally {
      await stop();
    }
  });

  test('names what is wrong', async () => {
    const file = configFile();
    const tokens = (...args: string[]) => credveil(['gateway', 'tokens', ...args, '--config', file]);
    expect((await tokens('create', 'a b')).stderr).toContain('no name of a token');
    expect((await tokens('create', 'deploy', '--for', 'ever')).stderr).toContain('no duration');
    expect((await tokens('create', 'deploy', '--for', '0d')).stderr).toContain('no duration');
    expect((await tokens('create', 'backup')).stderr).toContain('names a serviceToken backup');
    expect((await tokens('revoke', '0'.repeat(18))).stderr).toContain('no token of this id');
    expect((await tokens('revoke', '../../x')).code).toBe(2);
  });
});
