// CAs and certificates of devices, and a gateway under TLS before applications that ask for them.

import { generateKeyPairSync, type KeyObject, type X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { type CertificateOptions, makeCertificate } from '../../../gateway/devices/authority/make-certificate.ts';
import { startGateway } from '../../../gateway/gateway.ts';
import { SessionStore } from '../../../gateway/identity/sessions/session-store.ts';
import { APP_COOKIE } from '../../../gateway/identity/sessions/sessions.ts';
import { ListReplica } from '../../../gateway/lists/list-replica.ts';
import { deriveKey } from '../../../gateway/state/gateway-key.ts';
import type { ServerEvent } from '../../../runtime/events.ts';
import { createWorkPlace } from '../credveil.ts';
import { configOf, echo, startOrigin } from './gateway.ts';
import { personOf, signIn } from './identity/people.ts';
import { createMemoryLimits, openTestState } from './state/states.ts';
import { tlsKey } from './tls.ts';

const DAY = 86_400_000;
const KEY = new Uint8Array(32).fill(3);

/** A certificate with its key, as clients show it. */
export interface Held {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
  /** For node:tls: the certificate, and what `below` says stands between it and its CA. */
  readonly options: { readonly cert: string; readonly key: string };
}

export interface TestCa extends Held {
  issue(subject: CertificateOptions['subject'], more?: Partial<CertificateOptions>): Promise<Held>;
  /** A CA below this one. */
  below(name: string, more?: Partial<CertificateOptions>): Promise<TestCa>;
}

async function make(options: Partial<CertificateOptions>, above?: TestCa, chain = ''): Promise<Held> {
  const { publicKey, privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const certificate = await makeCertificate({
    subject: { commonName: 'nobody' },
    publicKey,
    issuer: above ?? { key },
    notBefore: new Date(Date.now() - DAY),
    notAfter: new Date(Date.now() + DAY),
    isCa: false,
    ...options,
  });
  const pem = key.export({ type: 'pkcs8', format: 'pem' }) as string;
  return { certificate, key, options: { cert: certificate.toString() + chain, key: pem } };
}

export async function createCa(name: string, above?: TestCa, more: Partial<CertificateOptions> = {}): Promise<TestCa> {
  const held = await make({ subject: { commonName: name }, isCa: true, pathLength: above ? 0 : 1, ...more }, above);
  const ca: TestCa = {
    ...held,
    issue: (subject, options = {}) => make({ subject, ...options }, ca, above ? held.certificate.toString() : ''),
    below: (below, options) => createCa(below, ca, options),
  };
  return ca;
}

const POLICIES = `
      policies:
        - { name: devices, action: bypass, include: [{ device: $laptops }] }
        - { name: staff, action: allow, include: [{ emailDomain: example.com }], require: [{ device: $laptops }], paths: /staff }
        - { name: any, action: bypass, include: [{ certificate: true }], paths: /any }`;

export interface DeviceWorldOptions {
  /** Of client certificates. */
  readonly cas: readonly TestCa[];
  /** Items of the list `laptops`. */
  readonly laptops: readonly string[];
  /** YAML of `access`, of the host managed.example. */
  readonly access?: string;
  /** At the top level. */
  readonly more?: string;
}

/**
 * `managed.example` lets in devices of the list `laptops`; `public.example` everybody, without
 * asking for certificates.
 */
export async function deviceWorld({ cas, laptops, access = POLICIES, more = '' }: DeviceWorldOptions) {
  const { home } = createWorkPlace();
  const caFile = path.join(home, 'devices-ca.pem');
  fs.writeFileSync(caFile, cas.map(({ certificate }) => certificate.toString()).join(''));
  let asked = 0;
  const { url, server } = await startOrigin((request, response) => {
    asked++;
    echo(request, response);
  });
  server.on('upgrade', (_, socket) => {
    asked++;
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    socket.on('error', () => undefined).pipe(socket);
  });
  const clients = `clientCertificates: { caFile: ${JSON.stringify(caFile)}, require: false }`;
  const text = `listen: { address: "127.0.0.1:0", protocol: https }
tls: ${tlsKey('first')}
auth: auth.example
identity: { staff: { oidc: "https://idp.example", clientId: gateway } }
lists: { laptops: { kind: serial, items: ${JSON.stringify(laptops)} } }
apps:
  public.example: { to: "${url}", access: { policies: [{ name: all, action: bypass, include: [{ everyone: true }] }] } }
  managed.example:
    to: "${url}"
    tls: ${tlsKey('second').replace(/ }$/, `, ${clients} }`)}
    access:${access}
${more}`;
  const config = { ...configOf(text), stateDirectory: home };
  const events: ServerEvent[] = [];
  const replica = new ListReplica(config.lists, '/nonexistent');
  const { state } = openTestState();
  const gateway = await startGateway({
    config,
    lists: { lookup: (name) => replica.lookup(name), observe: () => undefined },
    state: { state, key: KEY, limits: createMemoryLimits() },
    onEvent: (event) => void events.push(event),
  });
  onTestFinished(() => gateway.close({ deadlineMs: 200 }));
  const store = new SessionStore(state, deriveKey(KEY, 'sessions'));
  /** @returns the header of a browser in which somebody has signed in */
  const enter = async (name: string): Promise<string> => {
    const { ofApp } = await signIn(store, personOf(name), 'managed.example');
    return `Cookie: ${APP_COOKIE.format(ofApp, true).split(';')[0]}`;
  };
  return { gateway, config, home, events, port: gateway.ports[0] as number, asked: () => asked, enter };
}
