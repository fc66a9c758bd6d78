// A marked username and password go through `credveil gateway` in every way that a login has: no
// event, log, file of the state or record, metric, answer, page, or last word of a worker that
// crashes has either of them.

import { once } from 'node:events';
import fs from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askGateway } from '../../../gateway/admin/admin-client.ts';
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
/** Lets through what it cannot read, and takes credentials of programs. */
const OPEN = 'open.example';

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

interface Ports {
  readonly metrics: number;
  readonly page: number;
}

function configFile(to: string, leaksUrl: string, ports: Ports): string {
  const when = `'http.request.method == "POST" and http.request.uri.path == "/login"'`;
  const fields = `username: 'http.request.body.form["user"][0]', password: 'http.request.body.form["pass"][0]'`;
  const location = `{ name: main, when: ${when}, ${fields}, success: 'http.response.code == 302', failure: 'http.response.code == 403' }`;
  return place.write(
    'gateway.yaml',
    `listen: 127.0.0.1:0
workers: 2
logLevel: trace
metrics: 127.0.0.1:${ports.metrics}
admin: { page: "127.0.0.1:${ports.page}" }
logAddresses: true
notify: [${secret('ecs.json', '{ "kind": "ecs", "file": "events.ndjson" }')}]
leaks: { url: "${leaksUrl}", timeoutMs: 20000, keyFile: ${secret('leaks.pin', keyPinOf(made).key)} }
outcome: { tokenFile: ${secret('outcome.token', TOKEN)} }
apps:
  ${APP}:
    to: "${to}"
    login: { locations: [${location}], onLeaked: { pair: [header, notify] } }
    loginLimits: [failures]
  ${OPEN}:
    to: "${to}"
    login: { presets: [wordpress, basic], locations: [${location}], unreadable: pass, onLeaked: { pair: [header, notify] } }
    loginLimits: [{ name: org, by: ["field:org"], allow: 2, window: 1m, for: 1h }]
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
    ...(await visitOpen(port)),
  ];
}

/** As a form, JSON, multipart, Basic and XML-RPC, right and wrong, and unreadable but let pass. */
async function visitOpen(port: number): Promise<Answer[]> {
  const answers: Answer[] = [];
  const post = async (path: string, type: string, body: string): Promise<void> => {
    answers.push(await visit(port, OPEN, { method: 'POST', path, headers: { 'Content-Type': type }, body }));
  };
  const part = (name: string, value: string) =>
    `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  for (const pass of [PASSWORD, `${PASSWORD}-wrong`]) {
    await post('/login', 'application/x-www-form-urlencoded', `user=${USER}&pass=${pass}&org=${USER}`);
    await post('/login', 'application/x-www-form-urlencoded', `user=${USER}&pass=${pass}&pass=${pass}x`);
    await post('/login', 'application/json', JSON.stringify({ user: USER, pass, org: USER }));
    await post('/login', 'multipart/form-data; boundary=x', `${part('user', USER)}${part('pass', pass)}--x--\r\n`);
    const params = ['1', USER, pass].map((value) => `<param><value><string>${value}</string></value></param>`);
    const call = `<methodName>wp.getPosts</methodName><params>${params.join('')}</params>`;
    await post('/xmlrpc.php', 'text/xml', `<?xml version="1.0"?><methodCall>${call}</methodCall>`);
    await post('/login', 'text/plain', `${USER} ${pass}`);
    const authorization = `Basic ${Buffer.from(`${USER}:${pass}`).toString('base64')}`;
    answers.push(await visit(port, OPEN, { path: `/files/${USER}`, headers: { Authorization: authorization } }));
  }
  return answers;
}

/** What the admin page shows to who has signed in. */
async function readPage(port: number): Promise<string> {
  const { body } = await askGateway(place.at('gateway.state/admin.sock'), 'POST', '/page/link');
  const [, key] = (body as { readonly link: string }).link.split('#key=');
  const headers = { 'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'application/json' };
  const ask = (path: string, more: object) => visit(port, `127.0.0.1:${port}`, { path, ...more });
  const signedIn = await ask('/sign-in', { method: 'POST', headers, body: JSON.stringify({ key }) });
  const { token } = JSON.parse(signedIn.body.toString()) as { readonly token: string };
  return (await ask('/state', { headers: { ...headers, Authorization: `Bearer ${token}` } })).body.toString();
}

/** Its workers end in the middle of a login, as by a fault of the engine. */
async function crashWorkers(pid: number, port: number, held: Promise<unknown>): Promise<void> {
  const login = visit(port, OPEN, { ...formOf({ user: USER, pass: `${PASSWORD}-held` }), path: '/login' });
  const answered = login.catch(() => undefined);
  await held;
  const workers = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  expect(workers).toHaveLength(2);
  for (const worker of workers) process.kill(worker, 'SIGABRT');
  await answered;
  await expect
    .poll(() =>
      visit(port, OPEN, { path: '/' }).then(
        ({ status }) => status,
        () => '',
      ),
    )
    .toContain('200');
}

/** The key of a dataset has no mark: those of the files that an operator wrote are left out. */
const filesIn = () => filesBelow(place.home).filter(({ name }) => !/\.(?:yaml|pin|token)$/.test(name));

function basicStatus(authorization: string | undefined): number {
  if (authorization === undefined) return 200;
  return Buffer.from(authorization.slice(6), 'base64').toString() === `${USER}:${PASSWORD}` ? 200 : 401;
}

test.each([
  ['while the service answers', () => server.url],
  ['while it is away', () => 'http://127.0.0.1:9'],
])('nothing of a credential is kept or shown %s', async (_, leaksUrl) => {
  const { promise: held, resolve: hold } = Promise.withResolvers<void>();
  const { url } = await startOrigin(async (request, response) => {
    let body = '';
    for await (const piece of request) body += String(piece);
    if (body.includes('-held')) return hold();
    const isRight = new RegExp(`${PASSWORD}(?!-wrong)`).test(body);
    if (request.method !== 'POST') response.writeHead(basicStatus(request.headers.authorization)).end('page');
    else if (isRight) response.writeHead(302, { Location: '/', 'Set-Cookie': 'sid=1' }).end();
    else response.writeHead(403).end();
  });
  const own = { metrics: await freePort(), page: await freePort() };
  // Bans of the test before.
  fs.rmSync(place.at('gateway.state'), { recursive: true, force: true });
  const { running, ports, stop } = await startGatewayCommand(configFile(url, leaksUrl(), own));
  const shown: string[] = [];
  try {
    for (const answer of await visitAll(ports[0] as number))
      shown.push(answer.status, answer.rawHeaders.join('\n'), answer.body.toString('latin1'));
    const metrics = await (await fetch(`http://127.0.0.1:${own.metrics}/metrics`)).text();
    expect(metrics).toContain('credveil_gateway_logins_total{');
    const page = await readPage(own.page);
    expect(page).toContain('"outcome":"failure"');
    shown.push(metrics, page);
    await expect.poll(() => running.written.stderr.includes('"event":"login"')).toBe(true);
    await crashWorkers(running.child.pid as number, ports[0] as number, held);
    // With what the state has not moved out of its log yet.
    const live = filesIn();
    expect(live.map(({ name }) => name)).toContain('gateway.state/state.sqlite-wal');
    shown.push(...live.map(({ bytes }) => bytes.toString('latin1')));
  } finally {
    await stop();
  }
  const { stdout, stderr } = running.written;
  expect(stderr).toContain('"event":"login"');
  expect(stderr).toContain('"event":"login-passed-unread"');
  const kept = filesIn();
  const names = kept.map(({ name }) => name);
  expect(names).toContain('gateway.state/state.sqlite');
  expect(names.filter((name) => /^gateway\.state\/record\/decisions-\d+\.jsonl$/.test(name))).not.toEqual([]);
  const told = kept.filter(({ name }) => name.endsWith('events.ndjson')).map(({ bytes }) => bytes.toString());
  if (leaksUrl() === server.url) expect(told.join('')).toContain('login.leaked');
  const texts = [...shown, stdout, stderr, ...kept.map(({ name, bytes }) => `${name}\n${bytes.toString('latin1')}`)];
  for (const text of texts) {
    const at = MARKS.exec(text)?.index;
    expect(at === undefined ? undefined : text.slice(Math.max(0, at - 200), at + 60)).toBeUndefined();
  }
});
