// Logins in Hono, fetch handlers and Next.js, whose handlers parse the body themselves.

import { type Context, Hono } from 'hono';
import { type AskLeaks, leakCheck as onFetch } from '../../../client-sdk/adapter/fetch.ts';
import { leakCheck as onHono } from '../../../client-sdk/adapter/hono.ts';
import { leakCheck as onNext } from '../../../client-sdk/adapter/next.ts';
import type { Recorder } from './attempts.ts';
import { readLenientMultipart } from './lenient-multipart.ts';
import { headersOf, type LoginRequest } from './requests.ts';
import { type LoginApp, ROUTES } from './routes.ts';

type ParseBody = (request: Request) => Promise<unknown>;

const FIELDS = ['username', 'email', 'password'] as const;
const fieldsBy = (get: (name: string) => unknown): object =>
  Object.fromEntries(FIELDS.map((name) => [name, get(name) ?? undefined]));

const decompressed = (request: Request, format: CompressionFormat): Promise<unknown> =>
  new Response(request.body?.pipeThrough(new DecompressionStream(format))).json();
const COMMENTS = /\/\*.*?\*\/|\/\/[^\n"]*$/gs;

/** How handlers parse a body. */
const PARSERS: { readonly [name: string]: ParseBody } = {
  'json of a trimmed text': async (request) => JSON.parse((await request.text()).trim()),
  'a lenient multipart form': async (request) =>
    readLenientMultipart(request.headers.get('content-type') ?? '', Buffer.from(await request.arrayBuffer())),
  'json in the charset of its type': async (request) => {
    const [, label] = /charset=([\w-]+)/i.exec(request.headers.get('content-type') ?? '') ?? [];
    return JSON.parse(new TextDecoder(label).decode(await request.arrayBuffer()));
  },
  'compressed json': async (request) => {
    const encoding = request.headers.get('content-encoding');
    if (!encoding) return request.json();
    return decompressed(request.clone(), encoding as CompressionFormat).catch(() =>
      decompressed(request, 'deflate-raw'),
    );
  },
  'json with comments': async (request) => JSON.parse((await request.text()).replace(COMMENTS, '')),
  'json in a line': async (request) => JSON.parse((await request.text()).split('\n', 1)[0] ?? ''),
  'a form in a trimmed text': async (request) => Object.fromEntries(new URLSearchParams((await request.text()).trim())),
  json: (request) => request.json(),
  'json of text': async (request) => JSON.parse(await request.text()),
  'json of bytes': async (request) => JSON.parse(Buffer.from(await request.arrayBuffer()).toString()),
  'entries of a form': async (request) => Object.fromEntries(await request.formData()),
  'first of a form': async (request) => {
    const form = await request.formData();
    return fieldsBy((name) => form.get(name));
  },
  'last of a form': async (request) => {
    const form = await request.formData();
    return fieldsBy((name) => form.getAll(name).at(-1));
  },
  'form of text': async (request) => Object.fromEntries(new URLSearchParams(await request.text())),
  'first of a text': async (request) => {
    const form = new URLSearchParams(await request.text());
    return fieldsBy((name) => form.get(name));
  },
  'json or a form': async (request) =>
    request.headers.get('content-type')?.includes('json')
      ? request.json()
      : Object.fromEntries(await request.formData()),
};
const PARSER_NAMES = Object.keys(PARSERS);

const queryOf = (url: string): object => Object.fromEntries(new URL(url).searchParams);

const requestOf = (path: string, login: LoginRequest): Request =>
  new Request(`http://app.test${path}${login.query}`, { method: 'POST', headers: headersOf(login), body: login.body });

/** Routes times parsers: paths with the parser's number. */
const paths = ROUTES.flatMap((route) =>
  PARSER_NAMES.map((name, i) => ({ route, path: `${route.path}/${i}`, parse: PARSERS[name] as ParseBody })),
);

/** Takes each parser in turn. */
function rotate(): (path: string) => string {
  let turn = 0;
  return (path) => `${path}/${turn++ % PARSER_NAMES.length}`;
}

/** Serves `handlers` by path. What a handler throws is a login that failed. */
function appOf(handlers: ReadonlyMap<string, (request: Request) => Promise<Response>>): LoginApp {
  const next = rotate();
  return {
    async send(path, login) {
      const target = next(path);
      await handlers
        .get(target)?.(requestOf(target, login))
        .catch(() => {});
    },
    close: async () => {},
  };
}

type Wrap = typeof onFetch;

function createHandlers(wrap: Wrap, { checker, handle }: Recorder): LoginApp {
  const guards = new Map(ROUTES.map((route) => [route, wrap<'leaks'>(checker, route.options)] as const));
  const handlers = paths.map(({ route, path, parse }) => {
    const login = guards.get(route)?.(async (request) => {
      const read = route.reader(await parse(request), queryOf(request.url));
      await handle(read, route.hash, request.leaks);
      return new Response();
    });
    return [path, login as (request: Request) => Promise<Response>] as const;
  });
  return appOf(new Map(handlers));
}

export const createFetchLogins = (recorder: Recorder): LoginApp => createHandlers(onFetch, recorder);
export const createNextLogins = (recorder: Recorder): LoginApp => createHandlers(onNext as Wrap, recorder);

/** Hono's own parsers, before those of fetch. */
const HONO_PARSERS: readonly ((c: Context) => Promise<unknown>)[] = [
  (c) => c.req.json(),
  (c) => c.req.parseBody(),
  (c) => c.req.parseBody({ all: true }),
  async (c) => Object.fromEntries(await c.req.formData()),
  async (c) => JSON.parse(await c.req.text()),
  ...Object.values(PARSERS)
    .slice(0, PARSER_NAMES.length - 5)
    .map((parse) => (c: Context) => parse(c.req.raw)),
];

export function createHonoLogins({ checker, handle }: Recorder): LoginApp {
  const app = new Hono();
  for (const route of ROUTES) {
    const guard = onHono<'leaks'>(checker, route.options);
    HONO_PARSERS.forEach((parse, i) => {
      app.post(`${route.path}/${i}`, guard, async (c) => {
        await handle(route.reader(await parse(c), c.req.query()), route.hash, c.get('leaks') as AskLeaks);
        return c.body(null);
      });
    });
  }
  app.onError((_error, c) => c.body(null, 500));
  const next = rotate();
  return {
    async send(path, login) {
      const target = next(path);
      await app.fetch(requestOf(target, login));
    },
    close: async () => {},
  };
}
