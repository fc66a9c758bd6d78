// GET /openapi.json and GET /reference: what the service says of itself. Both are made once, when first asked for.

import { createHash } from 'node:crypto';
import type { Express, Request, Response } from 'express';
import { isNotModified } from '../../runtime/http/negotiation.ts';
import { DATA_HEADERS, SHARED_HEADERS } from '../../runtime/http/problem.ts';
import { VERSION } from '../../runtime/version.ts';
import { createOpenApi } from './openapi.ts';
import { REFERENCE_POLICY, referencePage } from './reference-page.ts';
import { ROUTES } from './routes.ts';

interface Form {
  readonly body: Buffer;
  readonly etag: string;
  readonly headers: readonly string[];
}

export const REFERENCE_PATHS = ['/openapi.json', '/reference'];

const PAGE_HEADERS = [
  'Content-Type',
  'text/html; charset=utf-8',
  'Content-Security-Policy',
  REFERENCE_POLICY,
  'X-Frame-Options',
  'DENY',
  ...SHARED_HEADERS,
];

let forms: { readonly json: Form; readonly page: Form } | undefined;

function createForms() {
  const document = createOpenApi(ROUTES, VERSION);
  return {
    json: makeForm(JSON.stringify(document), ['Content-Type', 'application/json', ...DATA_HEADERS]),
    page: makeForm(referencePage(document), PAGE_HEADERS),
  };
}

function makeForm(text: string, headers: readonly string[]): Form {
  const body = Buffer.from(text);
  const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 32)}"`;
  return { body, etag, headers };
}

export function addReference(app: Express): void {
  const send = (name: 'json' | 'page') => (request: Request, response: Response) => {
    forms ??= createForms();
    const { body, etag, headers } = forms[name];
    const shared = ['ETag', etag, 'Cache-Control', 'public, no-cache', ...headers];
    if (isNotModified(request.headers['if-none-match'], etag)) response.writeHead(304, shared).end();
    else response.writeHead(200, ['Content-Length', String(body.length), ...shared]).end(body);
  };
  app.get('/openapi.json', send('json'));
  app.get('/reference', send('page'));
}
