// A marked username and password go through `credveil gateway`: no event, log, file
// of the state, metric or answer has either of them.

import { once } from 'node:events';
import fs from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CredveilServer, startServer } from '../../../server/server.ts';
import { createWorkPlace, filesBelow, type WorkPlace } from '../../support/credveil.ts';
import { type MadeDataset, makeDataset } from '../../support/dataset.ts';
import { startGatewayCommand } from '../../support/gateway/command.ts';
import { startOrigin } from '../../support/gateway/gateway.ts';
import { type Answer, formOf, visit } from '../../support/gateway/visit.ts';
import { keyPinOf } from '../../support/pins.ts';

/** In every request and in the dataset. */
const USER = 'marked-user-5d1f';
const PASSWORD = 'marked-pass-9c2e';
const MARKS = /marked-(?:user|pass)-[0-9a-f]{4}/i;
const TOKEN = 'marked-pass-aaaa-a-token-of-32-characters';
const APP = 'app.example';

let place: WorkPlace;
let made: MadeDataset;
let server: CredveilServer;

beforeAll(async () => {
  place = createWorkPlace();
  made = await makeDataset({ pairs: [{ username: USER, password: PASSWORD }] });
  server = await startServer(made.folder, { port: 0 });
});
afterAll(async () => {
  await server.close();
  made.dispose();
  place.dispose();
});

const secret = (name: string, text: string): string => {
  fs.chmodSync(place.write(name, text), 0o600);
  return name;
};

/** One that was free a moment ago: the command does not print where metrics are. */
async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function configFile(to: string, leaksUrl: string, metricsPort: number): string {
  const when = `'http.request.method == "POST" and http.request.uri.path == "/login"'`;
  const fields = `username: 'http.request.body.form["user"][0]', password: 'http.request.body.form["pass"][0]'`;
  const location = `{ name: main, when: ${when}, ${fields}, success: 'http.response.code == 302', failure: 'http.response.code == 403' }`;
  return place.write(
    'gateway.yaml',
    `listen: 127.0.0.1:0
workers: 2
logLevel: trace
metrics: 127.0.0.1:${metricsPort}
logAddresses: true
notify: [${secret('ecs.json', '{ "kind": "ecs", "file": "events.ndjson" }')}]
leaks: { url: "${leaksUrl}", timeoutMs: 20000, keyFile: ${secret('leaks.pin', keyPinOf(made).key)} }
outcome: { tokenFile: ${secret('outcome.token', TOKEN)} }
apps:
  ${APP}:
    to: "${to}"
    login: { locations: [${location}], onLeaked: { pair: [header, notify] } }
    loginLimits: [failures]
`,
  );
}

/** Right, wrong, unreadable, too large, and through another way; then a report, and a page. */
async function visitAll(port: number): Promise<Answer[]> {
  const form = (fields: { readonly [name: string]: string }, path = '/login') =>
    visit(port, APP, { ...formOf(fields), path });
  const raw = (body: string, type: string) =>
    visit(port, APP, { method: 'POST', path: '/login', headers: { 'Content-Type': type }, body });
  return [
    await form({ user: USER, pass: PASSWORD }),
    await form({ user: USER, pass: `${PASSWORD}-wrong` }),
    await form({ user: USER, pass: PASSWORD }, `/login?user=${USER}&pass=${PASSWORD}`),
    await raw(`user=${USER}&pass=${PASSWORD}&pass=${PASSWORD}x`, 'application/x-www-form-urlencoded'),
    await raw(`{"user":"${USER}","pass":"${PASSWORD}"`, 'application/json'),
    await raw(`user=${USER}&pass=${PASSWORD.repeat(6_000)}`, 'application/x-www-form-urlencoded'),
    await raw(`${USER}${PASSWORD}`, 'multipart/form-data; boundary=x'),
    await visit(port, APP, {
      method: 'POST',
      path: '/.credveil/outcome',
      headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ attempt: 'AbCdEfGhIjKl', outcome: 'success', user: USER }),
    }),
    await visit(port, APP, { path: '/', headers: { Cookie: `user=${USER}` } }),
  ];
}

test.each([
  ['while the service answers', () => server.url],
  ['while it is away', () => 'http://127.0.0.1:9'],
])('nothing of a credential is kept or shown %s', async (_, leaksUrl) => {
  const { url } = await startOrigin(async (request, response) => {
    let body = '';
    for await (const piece of request) body += String(piece);
    const isRight = new URLSearchParams(body).get('pass') === PASSWORD;
    if (request.method !== 'POST') response.end('page');
    else if (isRight) response.writeHead(302, { Location: '/', 'Set-Cookie': 'sid=1' }).end();
    else response.writeHead(403).end();
  });
  const metricsPort = await freePort();
  // Bans of the test before.
  fs.rmSync(place.at('gateway.state'), { recursive: true, force: true });
  const { running, ports, stop } = await startGatewayCommand(configFile(url, leaksUrl(), metricsPort));
  const shown: string[] = [];
  try {
    for (const answer of await visitAll(ports[0] as number))
      shown.push(answer.status, answer.rawHeaders.join('\n'), answer.body.toString('latin1'));
    const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    expect(metrics).toContain('credveil_gateway_logins_total{');
    shown.push(metrics);
    await expect.poll(() => running.written.stderr.includes('"event":"login"')).toBe(true);
  } finally {
    await stop();
  }
  const { stdout, stderr } = running.written;
  expect(stderr).toContain('"event":"login"');
  // The key of a dataset has no mark: those of the files that an operator wrote are left out.
  const kept = filesBelow(place.home).filter(({ name }) => !/\.(?:yaml|pin|token)$/.test(name));
  expect(kept.map(({ name }) => name)).toContain('gateway.state/state.sqlite');
  const told = kept.filter(({ name }) => name.endsWith('events.ndjson')).map(({ bytes }) => bytes.toString());
  if (leaksUrl() === server.url) expect(told.join('')).toContain('login.leaked');
  for (const text of [...shown, stdout, stderr, ...kept.map(({ bytes }) => bytes.toString('latin1'))])
    expect(MARKS.exec(text)?.[0]).toBeUndefined();
});
