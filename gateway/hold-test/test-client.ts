// A client that keeps each cookie that it was ever given, and sends what a test wants.

import type { Pool } from 'undici';
import { isLiveCookie } from '../fields/set-cookies.ts';

export interface TestAnswer {
  readonly status: number;
  readonly location: string;
  readonly cookies: readonly string[];
  readonly body: string;
}

export interface TestRequest {
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  /** The header Cookie. */
  readonly cookie?: string;
  readonly headers?: readonly string[];
  readonly body?: string;
}

export type SendTest = (request: TestRequest) => Promise<TestAnswer>;

const MAX_BYTES = 2 ** 20;
const TIMEOUT_MS = 30_000;

/** @param headers of each request, names and values in turn */
export const createSend =
  (pool: Pool, headers: readonly string[]): SendTest =>
  async ({ method = 'GET', path, cookie = '', headers: more = [], body }) => {
    const sent = [...headers, ...more, ...(cookie === '' ? [] : ['Cookie', cookie])];
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const answer = await pool.request({ method, path, headers: sent, signal, ...(body !== undefined && { body }) });
    const pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of answer.body as AsyncIterable<Buffer>) {
      if (length < MAX_BYTES) pieces.push(piece);
      length += piece.length;
    }
    return {
      status: answer.statusCode,
      location: String(answer.headers.location ?? ''),
      cookies: [answer.headers['set-cookie'] ?? []].flat(),
      body: Buffer.concat(pieces).toString('utf8'),
    };
  };

/** The cookies of a browser after these answers. */
export function jarAfter(...answers: readonly TestAnswer[]): ReadonlyMap<string, string> {
  const jar = new Map<string, string>();
  for (const cookie of answers.flatMap(({ cookies }) => cookies)) {
    const [, name = '', value = ''] = /^([^=;]+)=([^;]*)/.exec(cookie)?.map((part) => part.trim()) ?? [];
    if (isLiveCookie(cookie)) jar.set(name, value);
    else jar.delete(name);
  }
  return jar;
}

export const cookieOf = (jar: Iterable<readonly [string, string]>): string =>
  [...jar].map((pair) => pair.join('=')).join('; ');

/** Hidden fields of the forms of a page, such as tokens. */
export function hiddenFields(page: string): readonly (readonly [string, string])[] {
  return (page.match(/<input\b[^>]{1,2000}>/gi) ?? []).flatMap((input) => {
    if (attributeOf(input, 'type')?.toLowerCase() !== 'hidden') return [];
    const name = attributeOf(input, 'name');
    return name === undefined ? [] : [[name, attributeOf(input, 'value') ?? ''] as const];
  });
}

function attributeOf(tag: string, name: string): string | undefined {
  const [, quoted, single, bare] =
    new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, 'i').exec(tag) ?? [];
  return (quoted ?? single ?? bare)?.replaceAll('&quot;', '"').replaceAll('&#039;', "'").replaceAll('&amp;', '&');
}
