// `credveil gateway certificate`: a CA for devices, what it issues, and revocation beside a gateway
// of two workers.

import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import type { TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import { createWorkPlace, credveil } from '../../support/credveil.ts';
import { startGatewayCommand } from '../../support/gateway/command.ts';
import { echo, parseAnswer, startOrigin } from '../../support/gateway/gateway.ts';
import { askHttp2, connectHttp2, secure, tlsKey } from '../../support/gateway/tls.ts';

const HOST = 'managed.example';

function workPlace(url = 'http://127.0.0.1:1') {
  const place = createWorkPlace();
  const ca = path.join(place.home, 'ca');
  const tls = tlsKey('second').replace(
    / }$/,
    `, clientCertificates: { caFile: ${JSON.stringify(path.join(ca, 'ca.pem'))}, require: false } }`,
  );
  const config = place.write(
    'gateway.yaml',
    `listen: { address: "127.0.0.1:0", protocol: https }
workers: 2
lists: { laptops: { kind: serial, items: [C02XL0, pf-2] }, office: { items: [192.0.2.1] } }
apps:
  ${HOST}:
    to: "${url}"
    tls: ${tls}
    access: { policies: [{ name: devices, action: bypass, include: [{ device: $laptops }] }] }
`,
  );
  const certificate = (args: readonly string[], input?: string) => credveil(['gateway', 'certificate', ...args], input);
  const issue = (device: string, out: string, ...more: string[]) =>
    certificate(['issue', device, '--ca', ca, '--list', 'laptops', '--out', out, '--config', config, ...more]);
  return { place, ca, config, certificate, issue, file: (name: string) => path.join(place.home, name) };
}

async function ask(socket: TLSSocket): Promise<number> {
  socket.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  return parseAnswer(bytes.toString('latin1')).status;
}

test('a device of the list gets in with what it imports, until it is revoked', async () => {
  const { url } = await startOrigin(echo);
  const { place, ca, config, certificate, issue, file } = workPlace(url);
  const passwordFile = place.write('password', 'correct horse\n', 0o600);
  const made = await certificate(['init', ca, '--name', 'Our devices', '--ca-password-file', passwordFile]);
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[0-9a-f]{64}\n$/) });
  expect(fs.statSync(path.join(ca, 'ca.key')).mode & 0o777).toBe(0o600);
  expect(fs.readFileSync(path.join(ca, 'ca.key'), 'utf8')).toContain('ENCRYPTED');
  const locked = ['--ca-password-file', passwordFile];
  const p12 = await issue('c02xl0', file('a.p12'), '--password-file', passwordFile, ...locked);
  expect(p12).toMatchObject({ code: 0, stdout: expect.stringContaining(made.stdout.trim()) });
  expect((await issue('PF-2', file('b.pem'), ...locked)).code).toBe(0);
  expect(fs.statSync(file('a.p12')).mode & 0o777).toBe(0o600);
  const pem = fs.readFileSync(file('b.pem'), 'utf8');
  expect(new X509Certificate(pem).checkPrivateKey(createPrivateKey(pem))).toBe(true);

  const { ports, stop } = await startGatewayCommand(config);
  try {
    const [port = 0] = ports;
    const first = { port, servername: HOST, pfx: fs.readFileSync(file('a.p12')), passphrase: 'correct horse' };
    const second = { port, servername: HOST, cert: pem, key: pem };
    const open = await Promise.all([first, first, first, first, first, first].map(secure));
    for (const socket of open) expect(await ask(socket)).toBe(200);
    const tickets: Buffer[] = open.flatMap((socket) => socket.getSession() ?? []);
    for (const socket of open) socket.on('session', (ticket: Buffer) => tickets.push(ticket));
    const sessions = await Promise.all([first, first, first, first].map(connectHttp2));
    for (const session of sessions) expect((await askHttp2(session, { ':authority': HOST })).status).toBe(200);
    const kept = await secure(second);
    expect(await ask(kept)).toBe(200);
    const ended = [...open, ...sessions].map((each) => once(each, 'close'));
    const revoked = await certificate(['revoke', 'C02XL0', '--ca', ca, '--config', config]);
    expect(revoked.stdout).toBe(`revoked ${p12.stdout}`);
    await Promise.all(ended);
    expect(await ask(kept)).toBe(200);
    const { stdout } = await certificate(['list', '--ca', ca, '--config', config]);
    expect(stdout).toMatch(/C02XL0 +\d{4}-\d\d-\d\d +revoked /);
    expect(stdout).toMatch(/PF-2 +\d{4}-\d\d-\d\d +valid /);
    const again = await secure(first);
    expect(await ask(again).catch(() => 403)).toBe(403);
    // Nor with what a connection of before left to resume.
    for (const session of tickets) {
      const resumed = await secure({ ...first, session });
      expect(resumed.isSessionReused()).toBe(false);
      expect(await ask(resumed).catch(() => 403)).toBe(403);
    }
  } finally {
    await stop();
  }
});

test('certifies the key that a device keeps, by its request', async () => {
  const { place, ca, config, certificate, issue, file } = workPlace();
  expect((await certificate(['init', ca])).code).toBe(0);
  const ec = ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=other'];
  const drawn = (name: string) => {
    const [key, request] = [file(`${name}.key`), file(`${name}.csr`)];
    execFileSync('openssl', [...ec, '-keyout', key, '-out', request], { stdio: 'ignore' });
    return { key, own: createPrivateKey(fs.readFileSync(key)), text: fs.readFileSync(request, 'latin1') };
  };
  const [{ key, own }, second] = [drawn('device'), drawn('second')];
  const request = ['--request', file('device.csr')];
  const issued = await issue('c02xl0', file('a.pem'), ...request, '--json');
  expect(JSON.parse(issued.stdout)).toMatchObject({ device: 'C02XL0', file: file('a.pem') });
  const pem = fs.readFileSync(file('a.pem'), 'utf8');
  const held = new X509Certificate(pem);
  expect([held.checkPrivateKey(own), held.subject]).toEqual([true, expect.stringContaining('C02XL0')]);
  expect(pem).not.toContain('PRIVATE KEY');
  const piped = await certificate(
    [
      'issue',
      'PF-2',
      ...['--ca', ca, '--list', 'laptops', '--out', file('b.pem'), '--config', config],
      '--request',
      '-',
    ],
    second.text,
  );
  expect([piped.code, piped.stderr]).toEqual([0, expect.stringContaining('the certificate of PF-2.')]);
  expect(new X509Certificate(fs.readFileSync(file('b.pem'))).checkPrivateKey(second.own)).toBe(true);
  const password = place.write('password', 'correct horse\n', 0o600);
  const errors: readonly (readonly [string, readonly string[], string])[] = [
    ['c.p12', request, 'the device has its key already'],
    ['c.pem', [...request, '--password-file', password], 'the device has its key already'],
    ['c.pem', ['--request', '-', '--ca-password-file', '-'], 'standard input has one of them'],
    ['c.pem', ['--request', key], 'the request '],
    ['c.pem', ['--request', '/nonexistent'], 'Name the request of the device with --request'],
  ];
  // One after another: each holds its file until it has failed.
  for (const [name, flags, message] of errors)
    expect((await issue('C02XL0', file(name), ...flags)).stderr).toContain(message);
  expect((await issue('PF-2', file('c.pem'), ...request)).stderr).toContain('has the key of another device');
  expect(fs.existsSync(file('c.pem'))).toBe(false);
});

test('names what is wrong, and issues nothing then', async () => {
  const { place, ca, config, certificate, issue, file } = workPlace();
  const passwordFile = place.write('password', 'correct horse\n', 0o600);
  const short = place.write('short', 'horse\n', 0o600);
  const open = place.write('open', 'correct horse\n', 0o644);
  const exposed = { code: 1, stderr: expect.stringMatching(/KEY_FILE_EXPOSED: .*open: readable by .*644/) };
  expect(await certificate(['init', ca, '--ca-password-file', open])).toMatchObject(exposed);
  expect((await issue('C02XL0', file('a.pem'))).stderr).toContain('is no CA that can be read');
  expect((await certificate(['init', ca])).code).toBe(0);
  expect((await certificate(['init', ca])).stderr).toContain('has a CA already');
  const errors: readonly (readonly [Promise<{ readonly stderr: string }>, string])[] = [
    [issue('C02XL1', file('a.pem')), 'the device is not on the list laptops'],
    [issue('C02XL0', file('a.p12')), 'needs a password'],
    [issue('C02XL0', file('a.p12'), '--password-file', short), 'the password of --password-file cannot be used'],
    [issue('C02XL0', file('a.p12'), '--password-file', '/nonexistent'), '/nonexistent does not exist'],
    [issue('C02XL0', file('a.pem'), '--days', 'x'), '--days is no number'],
    [issue('C02XL0', file('a.pem'), '--list', 'office'), 'is no list of devices'],
    [issue('C02XL0', passwordFile), 'is there already'],
    [certificate(['revoke', 'C02XL0', '--config', config]), 'this is no certificate'],
    [certificate(['revoke', 'C02XL9', '--ca', ca, '--config', config]), 'has issued nothing'],
  ];
  expect(await issue('C02XL0', file('a.p12'), '--password-file', open)).toMatchObject(exposed);
  for (const [run, message] of errors) expect((await run).stderr).toContain(message);
  expect(fs.readdirSync(path.join(ca, 'issued'))).toEqual([]);
  expect(fs.readFileSync(passwordFile, 'utf8')).toBe('correct horse\n');
  expect(fs.existsSync(file('a.pem'))).toBe(false);
  expect(fs.existsSync(file('a.p12'))).toBe(false);
});

test('a list in a file is read as it stands now, also where no gateway has read it', async () => {
  const { place, ca, config, certificate, issue, file } = workPlace();
  const own = fs.readFileSync(config, 'utf8').replace('items: [C02XL0, pf-2]', 'file: laptops.txt');
  fs.writeFileSync(config, own);
  expect((await certificate(['init', ca])).code).toBe(0);
  expect((await issue('C02XL7', file('a.pem'))).stderr).toContain('the list laptops: the file of the list is missing');
  place.write('laptops.txt', 'pf-2\n');
  expect((await issue('C02XL7', file('a.pem'))).stderr).toContain('the device is not on the list laptops');
  place.write('laptops.txt', 'pf-2\nC02XL7\n');
  expect((await issue('c02xl7', file('a.pem'))).code).toBe(0);
  expect(new X509Certificate(fs.readFileSync(file('a.pem'))).subject).toContain('C02XL7');
  place.write('laptops.txt', '\n');
  expect((await issue('pf-2', file('b.pem'))).stderr).toContain('the list laptops: the list has no entry');
  expect(fs.existsSync(file('b.pem'))).toBe(false);
});

test('where revocations cannot be known, none is called valid, and nothing is revoked', async () => {
  const { place, ca, config, certificate, issue, file } = workPlace();
  expect((await certificate(['init', ca])).code).toBe(0);
  expect((await issue('C02XL0', file('a.pem'))).code).toBe(0);
  const listed = () => certificate(['list', '--ca', ca, '--config', config]);
  const unknown = {
    code: 0,
    stdout: expect.stringMatching(/C02XL0 +\d{4}-\d\d-\d\d +unknown /),
    stderr: expect.stringContaining('What was revoked is not known here'),
  };
  expect(await listed()).toMatchObject(unknown);
  const revoked = await certificate(['revoke', 'C02XL0', '--ca', ca, '--config', config]);
  expect([revoked.code, revoked.stderr]).toEqual([2, expect.stringContaining('no stateDirectory of')]);
  const folder = place.at('gateway.state');
  expect(fs.existsSync(folder)).toBe(false);
  fs.mkdirSync(folder);
  expect((await listed()).stdout).toMatch(/C02XL0 +\d{4}-\d\d-\d\d +valid /);
  place.write('gateway.state/revoked-certificates', 'no folder');
  expect(await listed()).toMatchObject(unknown);
});
