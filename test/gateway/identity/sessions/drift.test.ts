// A session whose cookies are used in another network, by another program and browser: alone, each
// says nothing; together, they ask for a factor.

import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { describe, expect, test } from 'vitest';
import { SessionStore } from '../../../../gateway/identity/sessions/session-store.ts';
import { deriveKey } from '../../../../gateway/state/gateway-key.ts';
import { KeptFactors } from '../../../../gateway/workers/kept-factors.ts';
import { Authenticator } from '../../../support/gateway/factors/authenticator.ts';
import { FactorPage } from '../../../support/gateway/factors/factor-page.ts';
import { configOf, echo, serve, startOrigin } from '../../../support/gateway/gateway.ts';
import { Browser, HTML } from '../../../support/gateway/identity/browser.ts';
import { startProvider } from '../../../support/gateway/identity/provider.ts';
import { CLIENT } from '../../../support/gateway/identity/provider-configuration.ts';
import { EVERYONE } from '../../../support/gateway/identity/sign-in-world.ts';
import { mmdbOf } from '../../../support/gateway/mmdb.ts';
import { createMemoryLimits, openTestState, stateFolder } from '../../../support/gateway/state/states.ts';
import { tlsKey } from '../../../support/gateway/tls.ts';
import { valuesOf, visit } from '../../../support/gateway/visit.ts';

const AUTH = 'https://auth.example';
const APP = 'https://app.example/page';
const KEY = Buffer.alloc(32, 3);
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const NETWORKS = { '192.0.2.0/24': 64_496, '198.51.100.0/24': 64_497 };

/** Where and by what a request is sent. */
interface Seat {
  readonly address: string;
  readonly ciphers: string;
  readonly userAgent: string;
}

const HOME: Seat = { address: '192.0.2.7', ciphers: 'TLS_AES_128_GCM_SHA256', userAgent: FIREFOX };
const ELSEWHERE: Seat = { address: '198.51.100.7', ciphers: 'TLS_AES_256_GCM_SHA384', userAgent: 'curl/8.5.0' };

/** Version 2, of TCP over IPv4. */
const PROXY_HEADER = Buffer.from('\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c', 'latin1');

/** Through a balancer that passes TLS on, and says whose the connection is. */
const visitFrom =
  (seat: () => Seat): typeof visit =>
  async (port, host, request, servername) => {
    if (servername === undefined) return visit(port, host, request);
    const { method = 'GET', path: target, headers, body } = request;
    const { address, ciphers, userAgent } = seat();
    const raw = net.connect(port, '127.0.0.1');
    raw.write(Buffer.concat([PROXY_HEADER, Buffer.from(address.split('.').map(Number)), Buffer.alloc(8)]));
    const socket = tls.connect({ socket: raw, servername, ciphers, rejectUnauthorized: false });
    const all = { 'User-Agent': userAgent, ...headers, Host: host };
    const sent = http.request({ method, path: target, headers: all, createConnection: () => socket });
    const message = await new Promise<http.IncomingMessage>((resolve, reject) => {
      sent.on('response', resolve).on('error', reject).end(body);
    });
    const pieces: Buffer[] = [];
    for await (const piece of message) pieces.push(piece as Buffer);
    socket.destroy();
    const { httpVersion, statusCode, statusMessage, rawHeaders } = message;
    return { status: `HTTP/${httpVersion} ${statusCode} ${statusMessage}`, rawHeaders, body: Buffer.concat(pieces) };
  };

async function world(drift = 'drift: step_up') {
  const provider = await startProvider({ pages: AUTH, isPublic: true });
  const { url } = await startOrigin(echo);
  const asnFile = path.join(stateFolder(), 'asn.mmdb');
  const entries = Object.entries(NETWORKS).map(([network, asn]) => [network, { autonomous_system_number: asn }]);
  fs.writeFileSync(asnFile, mmdbOf(Object.fromEntries(entries)));
  const text = `
listen: { address: '127.0.0.1:0', protocol: https }
proxyProtocol: [127.0.0.1]
tls: ${tlsKey('first')}
auth: auth.example
identity: { staff: { oidc: "${provider.issuer}", clientId: ${CLIENT.id} } }
geo: { asnFile: ${JSON.stringify(asnFile)} }
sessions: { ${drift} }
apps:
  app.example: { to: "${url}", access: { ${EVERYONE} } }
`;
  const { state } = openTestState();
  const sessions = new SessionStore(state, deriveKey(KEY, 'sessions'));
  const kept = new KeptFactors({ state, key: KEY, sessions, onEvent: () => undefined });
  kept.use(configOf(text));
  const { port } = await serve(text, {
    state: { state, limits: createMemoryLimits(), factors: kept.peer, key: KEY },
  });
  let seat = HOME;
  const browser = new Browser(
    () => port,
    visitFrom(() => seat),
  );
  expect((await browser.open(APP)).code).toBe(200);
  const sit = (changed: Partial<Seat>): void => {
    seat = { ...HOME, ...changed };
  };
  /** With a key, which was shown a moment ago. */
  const own = new FactorPage(browser, AUTH);
  const key = new Authenticator(AUTH);
  const enrol = async (): Promise<void> => {
    const code = await kept.admin.makeCode('ann@example.com');
    expect((await own.enrolKey(key, 'security_key', code)).code).toBe(200);
    expect((await browser.open(APP)).code).toBe(200);
  };
  return { browser, sit, own, key, enrol, asked: () => provider.asked.get('/auth') };
}

/** Where a page leads. */
async function leadOf(browser: Browser): Promise<string> {
  const page = await browser.get(APP, HTML);
  return page.code === 200 ? 'in' : new URL(valuesOf(page, 'location')[0] ?? '').pathname;
}

describe('a session that is used', () => {
  test('with one or two of them changed goes on', async () => {
    const { browser, sit } = await world();
    const { address, ciphers, userAgent } = ELSEWHERE;
    const some = [{ address }, { ciphers }, { userAgent }];
    const pairs = [
      { address, ciphers },
      { address, userAgent },
      { ciphers, userAgent },
    ];
    // In no network that is known.
    for (const changed of [...some, ...pairs, { ...ELSEWHERE, address: '203.0.113.7' }]) {
      sit(changed);
      expect(await leadOf(browser), JSON.stringify(changed)).toBe('in');
    }
  });

  test('with all of them changed asks for a factor, and goes on with it', async () => {
    const { browser, sit, own, key, enrol } = await world();
    await enrol();
    const stolen = new Map([...browser.jars].map(([host, jar]) => [host, new Map(jar)]));
    sit(ELSEWHERE);
    expect(await leadOf(browser)).toBe('/step-up');
    const script = { Accept: 'application/json', 'Sec-Fetch-Mode': 'cors' };
    const told = await browser.get(APP, script);
    expect([told.code, (JSON.parse(told.text) as { code: string }).code]).toEqual([401, 'FACTOR_NEEDED']);
    // What was shown a moment ago opens nothing here.
    await own.read();
    const refused = await own.post('/api/factors/begin', { method: 'security_key' });
    expect(refused.body).toMatchObject({ code: 'FACTOR_NEEDED' });
    sit({});
    expect(await leadOf(browser)).toBe('in');

    sit(ELSEWHERE);
    const page = await browser.open(APP, { stopAt: ({ pathname }) => pathname === '/step-up' });
    const { body } = await own.open(page.url);
    const answer = await own.answerKey(body['challenge'], key);
    expect(answer.code, JSON.stringify(answer.body)).toBe(200);
    expect((await browser.open(String(answer.body['location']))).code).toBe(200);
    expect(await leadOf(browser)).toBe('in');
    // Whoever has the cookies of before has nothing, wherever they are.
    for (const [host, jar] of stolen) browser.jars.set(host, jar);
    for (const seat of [HOME, ELSEWHERE]) {
      sit(seat);
      expect(await leadOf(browser)).toBe('/sign-in');
    }
  });

  test('and is of somebody without a factor ends, and they sign in anew', async () => {
    const { browser, sit, own, asked } = await world();
    sit(ELSEWHERE);
    const page = await browser.open(APP, { stopAt: ({ pathname }) => pathname === '/step-up' });
    const { body } = await own.open(page.url);
    expect(body['location']).toMatch(/^\/sign-in\?to=/);
    sit({});
    expect(await leadOf(browser)).toBe('/sign-in');
    sit(ELSEWHERE);
    const before = asked();
    expect((await browser.open(AUTH + String(body['location']))).code).toBe(200);
    expect(asked()).toBe((before ?? 0) + 1);
    expect(await leadOf(browser)).toBe('in');
  });

  test('goes on where nothing is asked', async () => {
    const { browser, sit } = await world('drift: off');
    sit(ELSEWHERE);
    expect(await leadOf(browser)).toBe('in');
  });
});

test('drift needs to tell networks and programs apart', () => {
  const identity = 'auth: auth.example\nidentity: { staff: { oidc: "https://idp.example", clientId: a } }';
  const textOf = (more: string) =>
    `listen: 127.0.0.1:0\n${identity}\nsessions: { drift: step_up }\napps: { app.example: { to: "http://127.0.0.1:1" } }\n${more}`;
  expect(() => configOf(textOf(`tls: ${tlsKey('first')}`))).toThrow('needs geo.asnFile');
  expect(() => configOf(textOf('geo: { asnFile: a.mmdb }'))).toThrow("needs the gateway's own TLS");
  expect(() => configOf(textOf('').replace('step_up', 'stepup'))).toThrow('must be off or step_up');
});
