// One request to an application, directly or through the gateway, and all that a client sees of its
// answer.

import http from 'node:http';
import https from 'node:https';
import { gunzipSync } from 'node:zlib';
import { expect } from 'vitest';

export interface Request {
  readonly method?: string;
  readonly path: string;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: string | Buffer;
}

export interface Answer {
  readonly status: string;
  /** As they came: names and values in turn. */
  readonly rawHeaders: readonly string[];
  /** As it came: compressed bytes are not decompressed. */
  readonly body: Buffer;
}

/**
 * @param host what Host says, wherever the port is
 * @param servername under TLS, whatever certificate comes
 */
export function visit(port: number, host: string, request: Request, servername?: string): Promise<Answer> {
  const { method = 'GET', path, headers = {}, body } = request;
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method, path, headers: { Host: host, ...headers }, agent: false };
    const send = servername === undefined ? http.request : https.request;
    const secure = servername === undefined ? {} : { servername, rejectUnauthorized: false };
    const sent = send({ ...options, ...secure }, (message) => {
      const pieces: Buffer[] = [];
      const { statusCode, statusMessage, httpVersion, rawHeaders } = message;
      message
        .on('data', (piece: Buffer) => pieces.push(piece))
        .on('error', reject)
        .on('end', () =>
          resolve({
            status: `HTTP/${httpVersion} ${statusCode} ${statusMessage}`,
            rawHeaders,
            body: Buffer.concat(pieces),
          }),
        );
    });
    sent.on('error', reject).end(body);
  });
}

/** Describe the connection, not the answer. */
const OF_CONNECTION: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding']);

export function valuesOf({ rawHeaders }: Answer, name: string): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name);
}

export const textOf = (answer: Answer): string =>
  (answer.body.length > 0 && valuesOf(answer, 'content-encoding').includes('gzip')
    ? gunzipSync(answer.body)
    : answer.body
  ).toString('latin1');

export const formOf = (fields: { readonly [name: string]: string }): Pick<Request, 'method' | 'headers' | 'body'> => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(fields).toString(),
});

/** The cookies of answers, as a browser sends them back: the last of a name. */
export function cookiesOf(...answers: readonly Answer[]): string {
  const jar = new Map<string, string>();
  for (const cookie of answers.flatMap((answer) => valuesOf(answer, 'set-cookie'))) {
    const [, name = '', value = ''] = /^([^=;]+)=([^;]*)/.exec(cookie) ?? [];
    if (value === 'deleted' || /;\s*Max-Age=0(?:;|$)/i.test(cookie)) jar.delete(name);
    else jar.set(name, value);
  }
  return [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
}

export const withCookie = (request: Request, cookie: string): Request => ({
  ...request,
  headers: { ...request.headers, Cookie: cookie },
});

/** Replaces what differs from one request to the next, such as dates and tokens. */
export type Mask = (text: string) => string;

/**
 * The head line by line, in the spelling and order in which it came, and the body byte by byte.
 * What a program compresses while it produces it is compared as text: where it flushes is chance.
 */
function wholeOf(answer: Answer, mask: Mask): { readonly head: string; readonly body: string } {
  const { status, rawHeaders } = answer;
  const lines = rawHeaders.flatMap((name, i) =>
    i % 2 === 1 || OF_CONNECTION.has(name.toLowerCase())
      ? []
      : `${name}: ${name.toLowerCase() === 'date' ? '(now)' : rawHeaders[i + 1]}`,
  );
  return { head: mask([status, ...lines].join('\n')), body: mask(textOf(answer)) };
}

/** Expects two answers to be the same. */
export function expectSame(through: Answer, direct: Answer, mask: Mask = (text) => text): void {
  const [mine, other] = [wholeOf(through, mask), wholeOf(direct, mask)];
  expect(mine.head).toBe(other.head);
  if (mine.body === other.body) return;
  const at = [...mine.body].findIndex((character, i) => character !== other.body[i]);
  const [from, to] = [Math.max(0, at - 100), at + 100];
  expect(mine.body.slice(from, to)).toBe(other.body.slice(from, to));
  expect(mine.body.length).toBe(other.body.length);
}
