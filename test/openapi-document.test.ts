// The OpenAPI document by itself, as it is sent and as a page: nothing is missing in it, and the page runs nothing.

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createOpenApi, type OpenApiDocument } from '../server/openapi.ts';
import { PROBLEMS } from '../server/problem-kinds.ts';
import { ROUTES } from '../server/routes.ts';
import { type CredveilServer, startServer } from '../server/server.ts';
import { type MadeDataset, makeDataset } from './fixtures/dataset.ts';

const document = createOpenApi(ROUTES, '1.2.3');
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  (['get', 'head', 'post'] as const).flatMap((method) => {
    const operation = item[method];
    return operation ? [{ name: `${method.toUpperCase()} ${path}`, path, method, operation }] : [];
  }),
);
const schemas = (document.components as { schemas: { [name: string]: Parameters<typeof z.fromJSONSchema>[0] } })
  .schemas;
/** What the document says of a kind of JSON, as it is written there. */
const validators = new Map(Object.entries(schemas).map(([name, schema]) => [name, z.fromJSONSchema(schema)]));

let made: MadeDataset;
let server: CredveilServer;

beforeAll(async () => {
  made = await makeDataset({});
  server = await startServer(made.folder, { port: 0 });
});
afterAll(async () => {
  await server.close({ deadlineMs: 100 });
  made.dispose();
});

describe('the document', () => {
  test('is what the server sends, and its operations have names of their own', async () => {
    const sent = (await (await fetch(`${server.url}/openapi.json`)).json()) as OpenApiDocument;
    expect(sent.paths).toEqual(JSON.parse(JSON.stringify(document.paths)));
    expect(sent.openapi).toBe('3.1.1');
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain('getV1AccountPrefix');
  });

  test('has every reference that it makes, and every parameter of its paths', () => {
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

  test('has schemas that refuse what is otherwise', () => {
    for (const [name, schema] of validators) expect(schema.safeParse({ status: 'no' }).success, name).toBe(false);
    expect([...validators.keys()].length).toBeGreaterThan(4);
  });

  test('names every kind of problem', () => {
    const named = operations.flatMap(({ operation }) =>
      Object.values(operation.responses).flatMap((response) => response['x-credveil-codes'] ?? []),
    );
    expect([...new Set<string>([...named, 'ROUTE_MISSING'])].sort()).toEqual(Object.keys(PROBLEMS).sort());
  });
});

describe('the reference page', () => {
  test('shows every route and every code, runs nothing and loads nothing', async () => {
    const answer = await fetch(`${server.url}/reference`);
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
    const style = /<style>([\s\S]*)<\/style>/.exec(page)?.[1] as string;
    expect(policy).toContain(`'sha256-${createHash('sha256').update(style).digest('base64')}'`);
  });
});
