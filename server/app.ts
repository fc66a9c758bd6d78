// Every route but the buckets, the answers to other methods, and what is said where there is no route.

import type { ServerResponse } from 'node:http';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { nameError, type OnEvent } from './events.ts';
import { isNotModified } from './negotiation.ts';
import { SHARED_HEADERS, sendProblem } from './problem.ts';
import type { ServedSnapshots } from './snapshots.ts';

/** Whether the server is on its way out. */
export interface ServerState {
  closing: boolean;
}

const BUCKET_PATH = /^\/v1\/(?:account|password)\/[^/]*$/;
const ROUTES = ['/v1/config', '/healthz', '/readyz', BUCKET_PATH];
const ALLOWED = 'GET, HEAD, OPTIONS';

export function createApp(snapshots: ServedSnapshots, state: ServerState, onEvent: OnEvent): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.enable('strict routing');
  app.set('query parser', false);

  app.get('/v1/config', (request, response) => {
    if (request.url.includes('?')) return sendProblem(response, 'QUERY_MALFORMED');
    const { id, config } = snapshots.current;
    const etag = `"${id}"`;
    const headers = ['ETag', etag, 'Credveil-Snapshot', id, 'Cache-Control', 'public, no-cache', ...SHARED_HEADERS];
    if (isNotModified(request.headers['if-none-match'], etag)) {
      response.writeHead(304, headers).end();
      return;
    }
    headers.push('Content-Type', 'application/json', 'Content-Length', String(config.length));
    response.writeHead(200, headers).end(config);
  });

  app.get('/healthz', (_request, response) => sendStatus(response, { status: 'ok' }));

  app.get('/readyz', (_request, response) => {
    if (state.closing) return sendProblem(response, 'NOT_READY');
    sendStatus(response, { status: 'ready', snapshot: snapshots.current.id });
  });

  app.options(ROUTES, (_request, response) => {
    const preflight = [
      'Allow',
      ALLOWED,
      'Access-Control-Allow-Methods',
      ALLOWED,
      'Access-Control-Allow-Headers',
      'If-None-Match',
      'Access-Control-Max-Age',
      '86400',
    ];
    response.writeHead(204, [...preflight, ...SHARED_HEADERS]).end();
  });

  app.all(ROUTES, (_request, response) => sendProblem(response, 'METHOD_NOT_ALLOWED', ['Allow', ALLOWED]));
  app.use((_request, response) => sendProblem(response, 'ROUTE_MISSING'));
  // Express knows an error handler by its four parameters.
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    sendInternal(response, error, onEvent);
  });
  return app;
}

function sendStatus(response: Response, status: { readonly status: string; readonly snapshot?: string }): void {
  const body = JSON.stringify(status);
  const headers = ['Content-Type', 'application/json', 'Content-Length', String(body.length)];
  response.writeHead(200, [...headers, 'Cache-Control', 'no-store', ...SHARED_HEADERS]).end(body);
}

/** What is left to say after an exception. The client learns that there was one, the operator its name. */
export function sendInternal(response: ServerResponse, error: unknown, onEvent: OnEvent): void {
  onEvent({ event: 'request-failed', ...nameError(error) });
  if (response.headersSent) response.destroy();
  else sendProblem(response, 'INTERNAL');
}
