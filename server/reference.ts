// GET /openapi.json and GET /reference: what the service says of itself. Both are made once, when first asked for.

import { createHash } from 'node:crypto';
import type { Express, Request, Response } from 'express';
import { isNotModified } from './negotiation.ts';
import { createOpenApi } from './openapi.ts';
import { SHARED_HEADERS } from './problem.ts';
import { REFERENCE_POLICY, referencePage } from './reference-page.ts';
import { ROUTES } from './routes.ts';
import { VERSION } from './version.ts';

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
  'Referrer-Policy',
  'no-referrer',
];

let forms: { readonly json: Form; readonly page: Form } | undefined;

function makeForms() {
  const document = createOpenApi(ROUTES, VERSION);
  return {
    json: makeForm(JSON.stringify(document), ['Content-Type', 'application/json']),
    page: makeForm(referencePage(document), PAGE_HEADERS),
  };
}

function makeForm(text: string, headers: readonly string[]): Form {
  const body = Buffer.from(text);
  const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 32)}"`;
  const length = ['Content-Length', String(body.length)];
  return { body, etag, headers: [...headers, ...length] };
}

export function addReference(app: Express): void {
  const send = (name: 'json' | 'page') => (request: Request, response: Response) => {
    forms ??= makeForms();
    const { body, etag, headers } = forms[name];
    const shared = ['ETag', etag, 'Cache-Control', 'public, no-cache', ...SHARED_HEADERS];
    if (isNotModified(request.headers['if-none-match'], etag)) response.writeHead(304, shared).end();
    else response.writeHead(200, [...headers, ...shared]).end(body);
  };
  app.get('/openapi.json', send('json'));
  app.get('/reference', send('page'));
}
