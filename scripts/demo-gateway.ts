// npm run demo:gateway: logins of an application that knows nothing of Credveil, behind the gateway
// and with the real commands.

import fs from 'node:fs';
import http, { type IncomingHttpHeaders } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { formatTable } from '../cli/output.ts';
import { openDataset } from '../store/dataset.ts';
import { openKeyFile } from '../store/key-file.ts';
import { createRandom } from '../test/support/random.ts';
import { runCommand, type Service, startService } from './demo-commands.ts';
import { createIntranet } from './demo-intranet.ts';
import { type ServedShop, serve, serveShop } from './demo-shop.ts';

const PAIRS = 1000;
const SEED = 2026;
const HOST = 'shop.example';
const OLD_HOST = 'intranet.example';
const VERDICT = 'exposed-credential-check';
/** What the header's values mean. */
const MEANINGS: { readonly [value: string]: string } = {
  1: 'this pair leaked',
  2: 'username leaked',
  3: 'similar password leaked',
  4: 'password leaked',
};

const random = createRandom(SEED);
const word = (): string => Buffer.from(random.bytes(6 + random.below(9))).toString('base64url');
const leaked = Array.from({ length: PAIRS }, (_, i) => ({ email: `user${i}@example.com`, password: word() }));
const [ben] = leaked as [(typeof leaked)[number]];
const ana = { email: 'ana@example.com', password: word() };

interface Visitor {
  readonly address: string;
  readonly host?: string;
  cookie?: string;
}

interface Seen {
  readonly status: number;
  readonly cookies: readonly string[];
  /** What the application got; undefined if nothing. */
  readonly application: IncomingHttpHeaders | undefined;
  readonly outcome: string | undefined;
}

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-demo-'));
const at = (name: string): string => path.join(work, name);
const write = (name: string, text: string): string => {
  fs.writeFileSync(at(name), text, { mode: 0o600 });
  return at(name);
};

/** What the application got last, and the outcomes of logins in the gateway's log. */
const watched: { application: IncomingHttpHeaders | undefined; outcomes: string[] } = {
  application: undefined,
  outcomes: [],
};

const configOf = (shop: string, intranet: string, service: string): string => `listen: 127.0.0.1:0
auth: auth.example
identity: { mail: { pin: { smtp: "smtp://127.0.0.1", from: gateway@shop.example, to: ["@shop.example"] } } }
trustedProxies: [127.0.0.1/32]    # so that each visitor of this demo has an address
leaks: { url: "${service}", keyFile: leaks.pin }
lists:
  open_proxies: { file: proxies.txt, allowPrivate: true }
apps:
  ${HOST}:
    to: ${shop}
    login:
      presets: [generic]          # any form with a password
      sessionCookies: [sid]       # which the shop sets after a right one alone
    loginLimits: failures         # 5 wrong passwords in a minute, then an hour of rest
    rules:
      - name: logins through open proxies
        when: credveil.login.detected and ip.src in $open_proxies
        do: block
  ${OLD_HOST}:              # it logs in the session that a browser has already
    to: ${intranet}
    login:
      presets: [generic]
      onLeaked: { pair: hold }    # until the owner of the account confirms it
      onUnknown: deny             # what cannot be checked is not let in
      hold: { sessions: [sid], whoami: { path: /, after: "Welcome, <b>", before: "</b>" } }
`;

const accountOf = ({ email, password }: typeof ana): string =>
  JSON.stringify({ form: '/', login: '/login', fields: { email, password }, page: '/', signedIn: 'Welcome' });

let port = 0;

async function visit(visitor: Visitor, form?: { readonly email: string; readonly password: string }, more = {}) {
  watched.application = undefined;
  const { address, host = HOST, cookie = '' } = visitor;
  const headers = {
    Host: host,
    'X-Forwarded-For': address,
    ...(cookie !== '' && { Cookie: cookie }),
    ...(form && { 'Content-Type': 'application/x-www-form-urlencoded' }),
    ...more,
  };
  const logged = watched.outcomes.length;
  const [method, target] = form ? ['POST', '/login'] : ['GET', '/orders'];
  const options = { host: '127.0.0.1', port, method, path: target, headers, agent: false };
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    http
      .request(options, resolve)
      .on('error', reject)
      .end(form && new URLSearchParams(form).toString());
  });
  response.resume();
  const cookies = (response.headers['set-cookie'] ?? []).map((line) => line.split(';')[0] as string);
  if (cookies.length > 0) visitor.cookie = withCookies(cookie, cookies);
  const { application } = watched;
  if (form && application) await waitForLog(logged + 1);
  return { status: response.statusCode ?? 0, cookies, application, outcome: watched.outcomes[logged] } satisfies Seen;
}

/** As a browser keeps them: the last of a name. */
const withCookies = (cookie: string, more: readonly string[]): string => {
  const pairs = [...cookie.split('; '), ...more].filter((pair) => pair !== '');
  return [...new Map(pairs.map((pair) => [pair.split('=')[0], pair])).values()].join('; ');
};

/** What is no event is an error of the command. */
function readLog(line: string): void {
  if (!line.startsWith('{')) {
    console.error(line);
    return;
  }
  const { event, outcome, verdict } = JSON.parse(line) as { event: string; outcome?: string; verdict?: string };
  if (event === 'login') watched.outcomes.push([outcome, verdict].filter(Boolean).join(', '));
}

/** The log of the gateway arrives a moment after its answer. */
async function waitForLog(count: number): Promise<void> {
  for (let i = 0; watched.outcomes.length < count; i++) {
    if (i === 2000) throw new Error('the gateway did not log a login');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function row(request: string, { status, application, outcome }: Seen): string[] {
  const value = application?.[VERDICT];
  const got = value === undefined ? 'no verdict' : `verdict ${value}: ${MEANINGS[String(value)]}`;
  return [request, String(status), outcome ?? '-', application ? got : 'nothing'];
}

async function showLogins(): Promise<void> {
  const rows: string[][] = [];
  const show = async (request: string, seen: Promise<Seen>): Promise<void> => {
    rows.push(row(request, await seen));
  };
  const [first, second] = [{ address: '192.0.2.10' }, { address: '192.0.2.20' }];
  await show('ana logs in', visit(first, ana));
  await show('  her next page', visit(first));
  await show('ben logs in, whose pair leaked', visit(second, ben));
  await show('  his next page', visit(second));
  await show('ana sends a forged verdict', visit(first, undefined, { 'Exposed-Credential-Check': '1' }));
  const guesser = { address: '198.51.100.7' };
  for (let i = 1; i <= 6; i++)
    await show(`wrong password ${i} for ben`, visit(guesser, { ...ben, password: `guess ${i}` }));
  await show('ana logs in through an open proxy', visit({ address: '203.0.113.99' }, ana));
  const [third, fourth] = [
    { address: '192.0.2.30', host: OLD_HOST },
    { address: '192.0.2.40', host: OLD_HOST },
  ];
  await show('ana opens the old intranet', visit(third));
  await show('  she logs in', visit(third, ana));
  await show('  her next page', visit(third));
  await show('ben opens it', visit(fourth));
  await show('  he logs in, and is asked to confirm it', visit(fourth, ben, { Accept: 'text/html' }));
  await show('  his next page, with the session of before', visit(fourth));
  console.log(`\n${formatTable(['REQUEST', 'ANSWER', 'OUTCOME', 'THE APPLICATION GOT'], rows)}`);
  console.log(`
The shop is 30 lines of node:http in scripts/demo-shop.ts. It checks passwords itself; the gateway
read the outcome from its answers, and asked the service about right passwords alone. A verdict
reaches it in the header Exposed-Credential-Check, which nobody else can send. The intranet has one
session before and after a login; the gateway keeps it to itself until ben confirms that it is his.`);
}

let shop: ServedShop | undefined;
let intranet: ServedShop | undefined;
const services: Service[] = [];
try {
  const users = new Map([ana, ben].map(({ email, password }) => [email, password]));
  const onRequest = ({ headers }: http.IncomingMessage): void => {
    watched.application = headers;
  };
  shop = await serveShop(users, onRequest);
  intranet = await serve(createIntranet(users), onRequest);
  console.log(`a shop, which knows nothing of Credveil, listens on ${shop.url}`);
  const folder = at('leaks');
  const combo = write('combo.txt', leaked.map(({ email, password }) => `${email}:${password}\n`).join(''));
  await runCommand('init', folder, '--suite', 'hmac');
  await runCommand('ingest', folder, combo, '--source', 'demo', '--date', '2026-01');
  const service = await startService(['serve', folder, '--listen', '127.0.0.1:0', '--log-level', 'warn']);
  services.push(service);
  write('leaks.pin', openKeyFile(`${folder}.key`).revealPin(openDataset(folder).id) as string);
  write('proxies.txt', '203.0.113.96/28\n');
  const config = configOf(shop.url, intranet.url, service.started.url as string);
  console.log(`\n$ cat gateway.yaml\n${config.trimEnd()}`);
  const file = write('gateway.yaml', config);
  const account = write('account.json', accountOf(ana));
  await runCommand('gateway', 'quarantine', 'test', OLD_HOST, '--config', file, '--account', account);
  const gateway = await startService(['gateway', '--config', file], readLog);
  services.unshift(gateway);
  port = Number(new URL(gateway.started.urls?.[0] as string).port);
  await showLogins();
} finally {
  for (const service of services) await service.stop();
  shop?.close();
  intranet?.close();
  fs.rmSync(work, { recursive: true, force: true });
}
