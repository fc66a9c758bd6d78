// The documents on express: datasets, the OpenAPI document and the reference. PROTOCOL.md §13.

import { createHash } from 'node:crypto';
import express, { type Express, type Request, type Response } from 'express';
import { type HeaderBlock, headerBlock, SHARED_HEADERS } from '../../runtime/http/headers.ts';
import { ProblemError } from '../../runtime/http/problem.ts';
import { REFERENCE_POLICY } from '../api/reference-page.ts';
import type { Handler, ServiceContext, ServiceExchange } from '../exchange.ts';
import { JSON_HEADERS, replyJson, replyTagged } from './document-replies.ts';

const PAGE_HEADERS: HeaderBlock = [
  ...headerBlock({
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': REFERENCE_POLICY,
    'X-Frame-Options': 'DENY',
  }),
  ...SHARED_HEADERS,
];

export function createExpressHandler(context: ServiceContext): Handler {
  const app = createApp(context);
  return (exchange) => {
    const { request, response } = exchange;
    // Below /d/{dataset} too, express sees the path of the route.
    request.url = exchange.path;
    const answered = response as Response;
    answered.locals = { exchange };
    return new Promise((resolve, reject) => {
      app(request as Request, answered, (error: unknown) => reject(error ?? new ProblemError('ROUTE_MISSING')));
      if (response.writableEnded) resolve();
      else response.once('close', resolve);
    });
  };
}

/** Each route of the app sends what its exchange asks for. */
function createApp({ services, reference }: ServiceContext): Express {
  // The datasets do not change while the server runs.
  const datasets = services.map(({ dataset: { id: dataset, parameters } }) => {
    const { keyId, suite, publisher } = parameters;
    return { dataset, keyId, suite, ...(publisher !== undefined && { publisher }) };
  });
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.enable('strict routing');
  app.set('query parser', false);
  const document = (path: string, send: (exchange: ServiceExchange) => void | Promise<void>): void => {
    app.get(path, (_request, response) => send(response.locals.exchange));
  };

  document('/v1/datasets', (exchange) => replyJson(exchange, datasets));
  document('/openapi.json', async (exchange) => replyDigested(exchange, JSON_HEADERS, (await reference()).json));
  document('/reference', async (exchange) => replyDigested(exchange, PAGE_HEADERS, (await reference()).page));
  return app;
}

const digests = new WeakMap<Buffer, string>();

/** Replies with a body that stays the same while the process lives: its digest is computed once. */
function replyDigested(exchange: ServiceExchange, headers: HeaderBlock, body: Buffer): void {
  const digest = digests.get(body) ?? createHash('sha256').update(body).digest('hex').slice(0, 32);
  digests.set(body, digest);
  replyTagged(exchange, `"${digest}"`, headers, body);
}
