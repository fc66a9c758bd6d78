// /openapi.json: every documented route behaves as documented, and no other route exists.

import { once } from 'node:events';
import net from 'node:net';
import { describe, expect } from 'vitest';
import { z } from 'zod';
import type { BucketId } from '../../protocol/brands.ts';
import { encodeElementsRequest, encodeLookupRequest } from '../../protocol/oprf-messages.ts';
import { PROBLEMS, type ProblemCode } from '../../runtime/http/problems.ts';
import type { OpenApiDocument, OperationObject, ResponseObject } from '../../server/api/openapi.ts';
import { createOpenApi } from '../../server/api/openapi.ts';
import { ROUTES } from '../../server/routes.ts';
import { IDENTITY, NOT_CANONICAL } from '../support/post-message.ts';
import { type Asked, type DocumentedWorld, isRange, test } from '../support/worlds/documented-world.ts';

const document = createOpenApi(ROUTES, '1.2.3');
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  (['get', 'head', 'post'] as const).flatMap((method) => {
    const operation = item[method];
    return operation ? [{ name: `${method.toUpperCase()} ${path}`, path, method, operation }] : [];
  }),
);
const schemas = (document.components as { schemas: { [name: string]: Parameters<typeof z.fromJSONSchema>[0] } })
  .schemas;
/** A JSON schema of the document. */
const validators = new Map(Object.entries(schemas).map(([name, schema]) => [name, z.fromJSONSchema(schema)]));

/** The path with an example instead of its parameter. */
const example = (path: string): string => path.replace('{prefix}', isRange(path) ? '00000' : '0');

/** The effect of each documented header. HEAD ignores ranges: RFC 9110 §14.2. */
const HEADER_EXAMPLES: {
  readonly [name: string]: (etag: string, method: string) => { headers: { [name: string]: string }; status: number };
} = {
  'If-None-Match': (etag) => ({ headers: { 'if-none-match': etag }, status: 304 }),
  'If-Modified-Since': () => ({ headers: { 'if-modified-since': new Date().toUTCString() }, status: 304 }),
  'If-Range': () => ({ headers: { range: 'bytes=0-3', 'if-range': '"other"' }, status: 200 }),
  Range: (_etag, method) => ({ headers: { range: 'bytes=0-3' }, status: method === 'get' ? 206 : 200 }),
  'Add-Padding': () => ({ headers: { 'add-padding': 'true' }, status: 200 }),
};

/** Checks a response against everything documented for its status. */
async function expectDocumented(answer: Response, operation: OperationObject): Promise<string> {
  const documented = operation.responses[answer.status] as ResponseObject;
  expect(documented, `status ${answer.status}`).toBeDefined();
  // Quota fields are documented, but clients without quotas do not get them.
  for (const name of Object.keys((documented.headers as object | undefined) ?? {}))
    if (!name.startsWith('RateLimit')) expect(answer.headers.get(name), name).not.toBeNull();
  const text = Buffer.from(await answer.arrayBuffer()).toString('latin1');
  const contentType = (answer.headers.get('content-type') ?? '').split(';')[0] as string;
  if (answer.status !== 304) expect(Object.keys(documented.content ?? {})).toContain(contentType);
  if (!contentType.endsWith('json') || text === '') return text;
  const json = JSON.parse(text) as { code: ProblemCode };
  const media = (documented.content as { [type: string]: { schema: { $ref?: string } } })[contentType];
  const schema = media?.schema.$ref?.split('/').at(-1);
  if (schema !== undefined) expect(validators.get(schema)?.parse(json), schema).toBeDefined();
  const codes = documented['x-credveil-codes'];
  if (codes) expect(codes).toContain(json.code);
  return text;
}

const codeOf = (text: string): string => (JSON.parse(text) as { code: string }).code;

describe('the OpenAPI document', () => {
  test('the server sends the document, and operation ids are unique', async ({ world: { ask } }) => {
    const sent = (await (await ask({ path: '/openapi.json', method: 'get' })).json()) as OpenApiDocument;
    expect(sent.paths).toEqual(JSON.parse(JSON.stringify(document.paths)));
    expect(sent.openapi).toBe('3.1.1');
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain('getV1AccountPrefix');
  });

  test('all references and path parameters of the document are defined', () => {
    const text = JSON.stringify(document);
    const parts = document.components as { [kind: string]: { [name: string]: unknown } };
    for (const [, kind, name] of text.matchAll(/"#\/components\/(\w+)\/([\w-]+)"/g))
      expect(parts[kind as string]?.[name as string], `${kind} ${name}`).toBeDefined();
    for (const { path, operation } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      expect(declared.map(({ name, required }) => [name, required])).toEqual(inPath.map((name) => [name, true]));
      expect(Object.keys(operation.responses)).toContain('200');
    }
  });

  test('schemas of the document reject other values', () => {
    for (const [name, schema] of validators) expect(schema.safeParse({ status: 'no' }).success, name).toBe(false);
    expect([...validators.keys()].length).toBeGreaterThan(4);
  });

  test('the document lists every kind of problem', () => {
    const named = operations.flatMap(({ operation }) =>
      Object.values(operation.responses).flatMap((response) => response['x-credveil-codes'] ?? []),
    );
    expect([...new Set<string>([...named, 'ROUTE_MISSING'])].sort()).toEqual(Object.keys(PROBLEMS).sort());
  });
});

describe.each(operations)('$name', ({ path, method, operation }) => {
  const bodyOf = ({ bodies }: DocumentedWorld): { body?: Uint8Array } =>
    method === 'post' ? { body: bodies[path] as Uint8Array } : {};

  test('the operation returns every documented media type, also below a dataset', async ({ world }) => {
    const { ask, below } = world;
    const item = document.paths[path] as { servers?: { url: string }[] };
    const isBelow = item.servers?.some(({ url }) => url === '/d/{dataset}') ?? false;
    const ok = operation.responses[200] as ResponseObject;
    for (const prefix of ['', ...(isBelow ? [below(path)] : [])])
      for (const accept of Object.keys(ok.content ?? {})) {
        const answer = await ask({ path: prefix + example(path), method, headers: { accept }, ...bodyOf(world) });
        expect(answer.status).toBe(200);
        expect(answer.headers.get('content-type')).toContain(accept);
        await expectDocumented(answer, operation);
      }
    if (!isBelow) expect((await ask({ path: below(path) + example(path), method })).status).toBe(404);
  });

  test('the operation accepts the documented parameters', async ({ world }) => {
    const { ask } = world;
    for (const parameter of operation.parameters ?? []) {
      if (parameter.in === 'header') {
        const { etag = '' } = Object.fromEntries((await ask({ path: example(path), method })).headers);
        const { headers, status } = HEADER_EXAMPLES[parameter.name]?.(etag, method) ?? {};
        const answer = await ask({ path: example(path), method, ...(headers && { headers }) });
        expect(answer.status, parameter.name).toBe(status);
        await expectDocumented(answer, operation);
      }
      if (parameter.name !== 'snapshot' || parameter.in !== 'query') continue;
      const snapshot = (await ask({ path: '/v1/head', method: 'get' })).headers.get('credveil-snapshot');
      expect((await ask({ path: `${example(path)}?snapshot=${snapshot}`, method, ...bodyOf(world) })).status).toBe(200);
      const gone = '000099-0123456789abcdef';
      const answer = await ask({ path: `${example(path)}?snapshot=${gone}`, method, ...bodyOf(world) });
      expect(answer.status).toBe(410);
      await expectDocumented(answer, operation);
    }
  });

  test('the operation returns the documented refusals', async ({ world }) => {
    const { ask, guarded, server, key } = world;
    const isPost = method === 'post';
    const found: string[] = [];
    const refuse = async (asked: Partial<Asked>): Promise<void> => {
      const answer = await ask({ path: example(path), method, ...bodyOf(world), ...asked });
      const text = await expectDocumented(answer, operation);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      if (answer.headers.get('content-type')?.includes('json') && text !== '') found.push(codeOf(text));
    };
    if (operation.responses[401]) {
      await refuse({ from: guarded });
      await refuse({ from: guarded, headers: { authorization: 'Bearer x' } });
    }
    if (operation.responses[403]) await refuse({ from: server });
    if (operation.responses[429]) {
      for (let i = 0; i < 2; i++)
        await ask({ path: '/v1/account/0', method: 'get', from: guarded, headers: { authorization: `Bearer ${key}` } });
      await refuse({ from: guarded, headers: { authorization: `Bearer ${key}` } });
    }
    if (path === '/v1/filter/password' && method === 'get') await refuse({ headers: { range: 'bytes=99999999-' } });
    if (path.startsWith('/v1/') && path !== '/v1/datasets') await refuse({ path: `${example(path)}?no` });
    if (path.includes('{prefix}')) await refuse({ path: path.replace('{prefix}', 'zz') });
    await refuse({ path: example(path) + '?'.padEnd(3000, 'x') });
    if (isPost) {
      await refuse({ body: Uint8Array.of(9) });
      await refuse({ body: new Uint8Array(5000) });
      await refuse({ headers: { 'content-type': 'text/plain' } });
      const withElement = (element: typeof IDENTITY): Uint8Array =>
        path === '/v1/lookup'
          ? encodeLookupRequest({ bucketId: 0 as BucketId, blindedElements: [element] })
          : encodeElementsRequest([element]);
      await refuse({ body: withElement(IDENTITY) });
      await refuse({ body: withElement(NOT_CANONICAL[0] as typeof IDENTITY) });
      expect(found).toEqual(
        expect.arrayContaining([
          'CLIENT_REQUIRED',
          'CLIENT_UNKNOWN',
          'QUOTA_EXCEEDED',
          'MESSAGE_MALFORMED',
          'ELEMENT_IDENTITY',
        ]),
      );
    }
  });

  test('the path of the operation allows no other method', async ({ world: { ask } }) => {
    const answer = await ask({ path: example(path), method: 'DELETE' });
    expect(answer.status).toBe(405);
    const allowed = (answer.headers.get('allow') ?? '').split(', ').sort();
    const documented = ['get', 'head', 'post'].filter((name) => name in (document.paths[path] as object));
    expect(allowed).toEqual([...documented.map((name) => name.toUpperCase()), 'OPTIONS'].sort());
    const preflight = await ask({ path: example(path), method: 'OPTIONS' });
    expect([preflight.status, preflight.headers.get('allow')]).toEqual([204, answer.headers.get('allow')]);
  });
});

test('an undocumented route does not exist', async ({ world: { ask, server } }) => {
  for (const path of [
    '/v1',
    '/v1/',
    '/v1/account',
    '/v1/account/0/1',
    '/v1/nothing',
    '/healthz/',
    '/metrics',
    '/V1/config',
    '/openapi',
    '/status/',
    '/?x',
  ])
    for (const method of ['get', 'post', 'options']) {
      const answer = await ask({ path, method });
      expect([answer.status, codeOf(await answer.text())], `${method} ${path}`).toEqual([404, 'ROUTE_MISSING']);
    }
  const socket = net.connect(server.address.port, server.address.host);
  socket.write('OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 404 /);
  socket.destroy();
});

describe('the reference page', () => {
  test('the reference page shows every route and problem code, and neither runs nor loads anything', async ({
    world: { ask },
  }) => {
    const answer = await ask({ path: '/reference', method: 'get' });
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/=]+';/);
    const page = await answer.text();
    for (const { path, operation } of operations.filter(({ method }) => method !== 'head')) {
      expect(page).toContain(path);
      expect(page).toContain(`id="${operation.operationId}"`);
    }
    for (const code of Object.keys(PROBLEMS).filter((name) => name !== 'ROUTE_MISSING')) expect(page).toContain(code);
    expect(page).not.toMatch(/<script|<link|\bsrc=|style="|onload|javascript:/);
    expect(page.match(/href="(?!#)[^"]*"/g)).toEqual(['href="openapi.json"']);
    const { createHash } = await import('node:crypto');
    const style = /<style>([\s\S]*)<\/style>/.exec(page)?.[1] as string;
    expect(policy).toContain(`'sha256-${createHash('sha256').update(style).digest('base64')}'`);
  });
});
