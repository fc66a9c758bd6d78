// Copies of the certificates in fixtures/tls that a test may change, and requests over TLS.

import { once } from 'node:events';
import fs from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { fixture } from './paths.ts';

export type TestCertificate = 'first' | 'second' | 'client' | 'stranger' | 'expired';

const tlsFile = (name: string): Buffer => fs.readFileSync(fixture('tls', name));

export const caPem = tlsFile('ca.pem');
export const pairOf = (name: TestCertificate): { readonly cert: Buffer; readonly key: Buffer } => ({
  cert: tlsFile(`${name}.pem`),
  key: tlsFile(`${name}.key`),
});

export interface TestTlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
  /** Replaces the files one after another, by rename. */
  put(files: { cert?: Buffer; key?: Buffer; ca?: Buffer }): void;
  remove(): void;
  dispose(): void;
}

/** Writes files with the CA and the certificate and key `first`. */
export function makeTlsFiles(): TestTlsFiles {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-tls-'));
  const [certFile, keyFile, caFile] = ['cert.pem', 'key.pem', 'ca.pem'].map((name) => path.join(home, name)) as [
    string,
    string,
    string,
  ];
  const replace = (file: string, content: Buffer | undefined): void => {
    if (!content) return;
    fs.writeFileSync(`${file}.new`, content);
    fs.renameSync(`${file}.new`, file);
  };
  const files: TestTlsFiles = {
    certFile,
    keyFile,
    caFile,
    put: ({ cert, key, ca }) => {
      replace(certFile, cert);
      replace(keyFile, key);
      replace(caFile, ca);
    },
    remove: () => fs.rmSync(certFile),
    dispose: () => fs.rmSync(home, { recursive: true, force: true }),
  };
  files.put({ ...pairOf('first'), ca: caPem });
  return files;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/** A connection after its handshake. */
export async function connectTls({ host, port }: Address, options: tls.ConnectionOptions = {}): Promise<tls.TLSSocket> {
  const socket = tls.connect({ host, port, ca: caPem, ...options });
  await once(socket, 'secureConnect');
  socket.on('error', () => undefined);
  return socket;
}

/** The name in the certificate presented to a new connection. */
export async function certificateName(address: Address): Promise<string> {
  const socket = await connectTls(address);
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
}

export interface TlsAnswer {
  readonly status: number | undefined;
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly body: string;
}

/** One request, over a new connection unless an agent is given. */
export async function getTls(
  { host, port }: Address,
  target: string,
  options: https.RequestOptions = {},
): Promise<TlsAnswer> {
  const request = https.request({ host, port, path: target, ca: caPem, agent: false, ...options });
  request.end();
  const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage];
  let body = '';
  for await (const piece of response.setEncoding('utf8')) body += piece as string;
  return { status: response.statusCode, headers: response.headers, body };
}
