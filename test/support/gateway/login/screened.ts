// An application behind a gateway that finds logins by their fields, and what it is sent.

import { createHash } from 'node:crypto';
import { createRandom, testSeed } from '../../random.ts';
import { serve, startOrigin } from '../gateway.ts';

export const FORM = 'application/x-www-form-urlencoded';
export const JSON_TYPE = 'application/json';
export const MULTIPART = 'multipart/form-data; boundary=----x';
export const PADDING = 300_000;

export const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** An application that reads whole bodies, as most do. */
export async function withGeneric(login = 'generic') {
  const whole: Buffer[] = [];
  const received: Buffer[] = [];
  const { url } = await startOrigin(async (request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('close', () => received.push(Buffer.concat(pieces)));
    request.on('error', () => undefined);
    request.on('end', () => {
      whole.push(Buffer.concat(pieces));
      response.end(digestOf(Buffer.concat(pieces)));
    });
  });
  const served = await serve(`listen: 127.0.0.1:0\napps:\n  app.example:\n    to: ${url}\n    login: ${login}\n`);
  return { ...served, whole, received };
}

export interface Sent {
  readonly method?: string;
  readonly target?: string;
  readonly type?: string | undefined;
  readonly more?: string;
  readonly isChunked?: boolean;
  readonly body: Buffer | string;
}

export function bytesOf({ method = 'POST', target = '/any', type, more = '', isChunked = false, body }: Sent): string {
  const text = typeof body === 'string' ? body : body.toString('latin1');
  const head = `${method} ${target} HTTP/1.1\r\nHost: app.example\r\n${type ? `Content-Type: ${type}\r\n` : ''}${more}`;
  if (!isChunked) return `${head}Content-Length: ${text.length}\r\n\r\n${text}`;
  const pieces = text.match(/[\s\S]{1,20000}/g) ?? [];
  const chunks = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('');
  return `${head}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`;
}

export const random = createRandom(testSeed('uploads'));
export const bytes = Buffer.from(Array.from({ length: 2 ** 16 }, () => random.below(256)));
export const file = Buffer.concat(Array.from({ length: 80 }, (_, i) => bytes.subarray(i)));
export const fileText = file.toString('latin1');

export const packed = (coding: string, body: Buffer, isChunked = false, more = ''): Sent => ({
  type: 'application/octet-stream',
  more: `Content-Encoding: ${coding}\r\n${more}`,
  body,
  isChunked,
});
