// Bodies with two readings: what one parser drops, refuses or decodes, another reads. A handler
// must not get `allow` for a leaked pair because the guard has read a decoy beside it.

import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AskLeaks, leakCheck as onFetch } from '../../../client-sdk/adapter/fetch.ts';
import { leakCheck as onHono } from '../../../client-sdk/adapter/hono.ts';
import { leakCheck as onNext } from '../../../client-sdk/adapter/next.ts';
import type { LeakChecker } from '../../../client-sdk/index.ts';
import { TEST_CREDENTIALS } from '../../../protocol/test-credentials.ts';
import { readLenientMultipart } from '../../support/logins/lenient-multipart.ts';
import { type AdapterWorld, createAdapterWorld } from '../../support/worlds/adapter-world.ts';

const { pair, clean } = TEST_CREDENTIALS;

let world: AdapterWorld;
beforeAll(async () => {
  world = await createAdapterWorld('hmac');
});
afterAll(() => world.close());

/** How a handler makes fields of its request. */
type Parse = (request: Request) => Promise<unknown>;

const json: Parse = (request) => request.json();
const trimmed: Parse = async (request) => JSON.parse((await request.text()).trim());
const form: Parse = async (request) => {
  const fields = new URLSearchParams(await request.text());
  return { username: fields.get('username'), password: fields.get('password') };
};
const multipart: Parse = async (request) =>
  readLenientMultipart(request.headers.get('content-type') ?? '', Buffer.from(await request.arrayBuffer()));

interface Sent {
  readonly type?: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly encoding?: string;
  readonly query?: string;
}

type Send = (parse: Parse, sent: Sent) => Promise<Answered>;

interface Answered {
  /** What the handler read; undefined if it did not run, or failed. */
  readonly read: unknown;
  readonly status: number;
  readonly verdict?: Awaited<ReturnType<AskLeaks>>;
}

const requestOf = ({ type, body, encoding, query = '' }: Sent): Request =>
  new Request(`http://app.test/${query}`, {
    method: 'POST',
    body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
    headers: { ...(type && { 'content-type': type }), ...(encoding && { 'content-encoding': encoding }) },
  });

type Options = { readonly mode: 'deny' } | Record<string, never>;

/** One request to a handler behind a guard. */
const HANDLE: Readonly<Record<string, (checker: LeakChecker, options: Options) => Send>> = {
  fetch: (checker, options) =>
    send((handler) => onFetch(checker, options)((request) => handler(request, request.leaks))),
  next: (checker, options) => send((handler) => onNext(checker, options)((request) => handler(request, request.leaks))),
  hono: (checker, options) =>
    send((handler) => {
      const app = new Hono().post('/', onHono(checker, options), (c) => handler(c.req.raw, c.var.leaks));
      return async (request) => app.fetch(request);
    }),
};

type Handler = (request: Request, ask: AskLeaks) => Promise<Response>;

function send(wrap: (handler: Handler) => (request: Request) => Promise<Response>): Send {
  return async (parse, sent) => {
    let answered: Omit<Answered, 'status'> = { read: undefined };
    const { status } = await wrap(async (request, ask) => {
      const fields = (await parse(request).catch(() => undefined)) as typeof pair | undefined;
      answered = { read: fields && { username: fields.username, password: fields.password }, verdict: await ask() };
      return new Response();
    })(requestOf(sent));
    return { ...answered, status };
  };
}

type Case = readonly [name: string, Parse, Sent];

const DECOY = 'a=&username=nobody&password=zzz-never-9&b=';
const DECOYED = JSON.stringify({ ...pair, x: `&${DECOY}` });
const JSON_TYPE = 'application/json';
const FORM = 'application/x-www-form-urlencoded';
const MULTIPART = 'multipart/form-data; boundary=X';

const part = (name: string, value: string, header = `Content-Disposition: form-data; name="${name}"`): string =>
  `--X\r\n${header}\r\n\r\n${value}\r\n`;
const PARTS = part('username', pair.username) + part('password', pair.password);
const DECOY_PARTS = part('username', 'nobody') + part('password', 'zzz-never-9');
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Prefixes that some readers of a text drop. */
const PREFIXES = ['\ufeff', '\ufeff\ufeff', '\ufeff\ufeff\ufeff', '\u00a0', '\v', '\u2028', '\ufeff ', '\u00a0\ufeff'];

const PREFIXED: readonly Case[] = PREFIXES.flatMap((prefix) => {
  const name = `prefix ${JSON.stringify(prefix).replace(/[^\x20-\x7e]/g, (one) => `U+${one.charCodeAt(0).toString(16)}`)}`;
  const pairs = `${prefix}password=${pair.password}&username=${encodeURIComponent(pair.username)}&password=zzz-never-9`;
  return [
    [`${name}, JSON`, json, { type: JSON_TYPE, body: prefix + DECOYED }],
    [`${name}, JSON as text`, json, { type: 'text/plain', body: prefix + DECOYED }],
    [`${name}, JSON without a type`, json, { body: prefix + DECOYED }],
    [`${name}, JSON and a query`, json, { type: JSON_TYPE, body: prefix + JSON.stringify(pair), query: `?${DECOY}` }],
    [`${name}, form`, form, { type: FORM, body: pairs }],
    [`${name}, form as text`, form, { type: 'text/plain', body: pairs }],
  ];
});

const UNPARSED: readonly Case[] = [
  ...['\u00a0', '\v', '\u2028'].map(
    (prefix) => ['trimmed JSON', trimmed, { type: JSON_TYPE, body: prefix + DECOYED }] as const,
  ),
  [
    'a part that is no form-data',
    multipart,
    {
      type: MULTIPART,
      body: `${part('q', `a&${DECOY}`, 'Content-Disposition: attachment; name="q"')}${PARTS}--X--\r\n`,
    },
  ],
  ['a preamble of pairs', multipart, { type: MULTIPART, body: `${DECOY}\r\n${PARTS}--X--\r\n` }],
  ['a preamble and a query', multipart, { type: MULTIPART, body: `x\r\n${PARTS}--X--\r\n`, query: `?${DECOY}` }],
  ['no last boundary', multipart, { type: MULTIPART, body: `&${DECOY}\r\n${PARTS}` }],
  ['multipart/mixed', multipart, { type: 'multipart/mixed; boundary=X', body: `${DECOY}\r\n${PARTS}--X--\r\n` }],
  ['a type with a list', multipart, { type: `${MULTIPART}, x`, body: `${DECOY}\r\n${PARTS}--X--\r\n` }],
  [
    'a boundary with a blank',
    multipart,
    { type: 'multipart/form-data; boundary = X', body: `${DECOY}\r\n${PARTS}--X--\r\n` },
  ],
  [
    'names in another notation',
    multipart,
    {
      type: MULTIPART,
      body:
        DECOY_PARTS +
        part('', pair.username, "Content-Disposition: form-data; name*=utf-8''username") +
        part('', pair.password, 'Content-Disposition: form-data; name="pass\\word"') +
        '--X--\r\n',
    },
  ],
  [
    'an encoded part',
    multipart,
    {
      type: MULTIPART,
      body:
        part('username', pair.username) +
        part(
          '',
          base64(pair.password),
          'Content-Disposition: form-data; name="password"\r\nContent-Transfer-Encoding: base64',
        ) +
        '--X--\r\n',
    },
  ],
  [
    'line breaks of LF alone',
    multipart,
    {
      type: MULTIPART,
      body: `${part('username', 'nobody')}${part('password', `zzz\n${PARTS.replaceAll('\r\n', '\n')}`)}--X--\r\n`,
    },
  ],
  [
    'another media type and a query',
    multipart,
    { type: 'multipart/x; boundary=X', body: `${PARTS}--X--`, query: `?${DECOY}` },
  ],
];

/** @returns what is wrong; empty if nothing is */
async function mistakesIn(handle: (typeof HANDLE)[string], cases: readonly Case[]): Promise<string[]> {
  const mistakes: string[] = [];
  const isPair = (read: unknown): boolean => JSON.stringify(read) === JSON.stringify(pair);
  for (const [name, parse, sent] of cases) {
    const { read, verdict } = await handle(world.checker, {})(parse, sent);
    if (isPair(read) && (verdict?.status === 'clean' || verdict?.action !== 'challenge'))
      mistakes.push(`${name}: ${verdict?.status}, ${verdict?.action}`);
    const denied = await handle(world.checker, { mode: 'deny' })(parse, sent);
    if (isPair(denied.read)) mistakes.push(`${name}: passed mode deny`);
  }
  return mistakes;
}

/** A form as the platform encodes it. */
async function encoded(form: FormData): Promise<Sent> {
  const response = new Response(form);
  return { type: response.headers.get('content-type') ?? '', body: new Uint8Array(await response.arrayBuffer()) };
}

const cleanForm = (): FormData => {
  const fields = new FormData();
  for (const [name, value] of Object.entries(clean)) fields.set(name, value);
  return fields;
};
const withFile = (): FormData => {
  const fields = cleanForm();
  fields.set('avatar', new File([Uint8Array.from({ length: 256 }, (_, i) => i)], 'a.png', { type: 'image/png' }));
  return fields;
};
const byFormData: Parse = async (request) => {
  const fields = await request.formData();
  return { username: fields.get('username'), password: fields.get('password') };
};
const CLEAN_JSON = JSON.stringify({ ...clean, name: 'Jürgen 100% 你好' });
const CLEAN_FORM = new URLSearchParams({ ...clean, name: 'Jürgen & 100%' }).toString();
const typed = (name: string, value: string): string =>
  part(name, value, `Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name="${name}"`);

const HONEST: readonly (readonly [string, Parse, () => Sent | Promise<Sent>])[] = [
  ...[
    JSON_TYPE,
    `${JSON_TYPE}; charset=utf-8`,
    'application/vnd.api+json',
    'text/plain;charset=UTF-8',
    FORM,
    undefined,
  ].map((type) => [`JSON as ${type}`, json, () => ({ ...(type && { type }), body: CLEAN_JSON })] as const),
  ['JSON behind a BOM', json, () => ({ type: JSON_TYPE, body: `\ufeff${CLEAN_JSON}` })],
  ['JSON among blanks', json, () => ({ type: JSON_TYPE, body: `\r\n${CLEAN_JSON}\n` })],
  ['JSON beside a query', json, () => ({ type: JSON_TYPE, body: CLEAN_JSON, query: '?next=/%E4&utm[source]=x' })],
  ...[FORM, `${FORM}; charset=UTF-8`, 'text/plain'].map(
    (type) => [`form as ${type}`, form, () => ({ type, body: CLEAN_FORM })] as const,
  ),
  ['form in Latin-1', form, () => ({ type: `${FORM}; charset=iso-8859-1`, body: CLEAN_FORM })],
  ['multipart', byFormData, () => encoded(cleanForm())],
  ['multipart with a file', byFormData, () => encoded(withFile())],
  [
    'multipart with types',
    byFormData,
    () => ({
      type: 'multipart/form-data; boundary="X"',
      body: `${typed('username', clean.username)}${typed('password', clean.password)}--X--`,
    }),
  ],
];

describe.each(Object.entries(HANDLE))('%s', (_name, handle) => {
  test('challenges a leaked pair behind what some readers of a text drop', async () => {
    expect(await mistakesIn(handle, PREFIXED)).toEqual([]);
  });

  test('challenges a leaked pair in a body that is not of its media type', async () => {
    expect(await mistakesIn(handle, UNPARSED)).toEqual([]);
  });

  test('allows a clean login, however an honest client encodes it', async () => {
    const mistakes: string[] = [];
    for (const [name, parse, sent] of HONEST) {
      const { read, verdict } = await handle(world.checker, {})(parse, await sent());
      if (JSON.stringify(read) !== JSON.stringify(clean) || verdict?.action !== 'allow' || verdict.status !== 'clean')
        mistakes.push(`${name}: ${JSON.stringify(read)}, ${verdict?.status}, ${verdict?.action}`);
    }
    expect(mistakes).toEqual([]);
  });
});
