// A request at the logins of a configuration, read without a gateway around it.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseAddress } from '../../../../gateway/addresses/address.ts';
import type { Application } from '../../../../gateway/applications.ts';
import { Exchange } from '../../../../gateway/exchange.ts';
import { BodyDecoder, type DecodingFault } from '../../../../gateway/login/body/decompress.ts';
import { compileLogins } from '../../../../gateway/login/compile-logins.ts';
import { findCandidates } from '../../../../gateway/login/find-login.ts';
import { LOGIN_SCHEMA } from '../../../../gateway/login/login-config.ts';
import { createLoginSet, type LoginSet } from '../../../../gateway/login/login-set.ts';
import { type LoginReading, readLogin } from '../../../../gateway/login/read-login.ts';
import { readHead } from '../../../../gateway/request/head.ts';
import { readingsOf } from '../../../../gateway/request/path.ts';

export interface Sent {
  readonly method?: string;
  readonly target?: string;
  /** Names and values in turn. */
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
  /** Whether more follows. */
  readonly isCut?: boolean;
}

/** @param login as in a configuration */
export function loginsOf(login: unknown): LoginSet {
  const config = LOGIN_SCHEMA.parse(login);
  return createLoginSet(
    compileLogins(config, () => undefined),
    config.unreadable === 'pass',
  );
}

const LIMITS = { maxTargetBytes: 16_384 };
const PEER = { address: parseAddress('192.0.2.1') as never, profile: undefined, redirects: false };

export const FORM = 'application/x-www-form-urlencoded';
export const JSON_TYPE = 'application/json';

/** @returns `unseen` if no login may be there */
export function readAt(logins: LoginSet, sent: Sent): LoginReading | 'unseen' {
  const { method = 'POST', target = '/login', headers = ['Content-Type', FORM], body = '', isCut = false } = sent;
  const bytes = Buffer.from(body);
  const rawHeaders = ['Host', 'app.example', ...headers, 'Content-Length', String(bytes.length)];
  const message = { method, url: target, httpVersion: '1.1', rawHeaders } as unknown as IncomingMessage;
  const exchange = new Exchange(message, {} as ServerResponse, PEER);
  exchange.head = readHead(message, LIMITS);
  exchange.found = {
    application: { logins } as Application,
    readings: readingsOf(exchange.head.path, { origin: 'unix' }) ?? [],
  };
  const candidates = findCandidates(exchange);
  if (!candidates) return 'unseen';
  const isRead = candidates.some(({ readsBody }) => readsBody);
  return readLogin(exchange, candidates, isRead ? { bytes, isWhole: !isCut } : undefined);
}

/** What was read, or the code of the refusal. */
export function outcomeOf(reading: LoginReading | 'unseen'): unknown {
  if (reading === 'unseen' || reading.kind === 'none') return 'none';
  if (reading.kind === 'refused') return reading.code;
  return { usernames: reading.attempt.usernames, passwords: reading.attempt.passwords };
}

/** What is found in a body as it is decompressed on its way. */
export async function lookInside(reading: LoginReading, body: Buffer): Promise<'found' | DecodingFault | undefined> {
  if (reading.kind !== 'none' || !reading.decompression || reading.scans.length === 0) return undefined;
  const { scans, decompression } = reading;
  let isFound = false;
  const decoder = new BodyDecoder(decompression, (piece) => {
    isFound ||= scans.some(({ scanInside }) => scanInside?.push(piece) === true);
  });
  await decoder.push(body);
  await decoder.end();
  return isFound ? 'found' : decoder.fault;
}
