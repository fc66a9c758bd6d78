// Every route but the buckets, the answers to other methods, and what is said where there is no route.

import type { ServerResponse } from 'node:http';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { nameError, type OnEvent } from '../../runtime/events.ts';
import { isNotModified } from '../../runtime/http/negotiation.ts';
import { DATA_HEADERS, sendProblem } from '../../runtime/http/problem.ts';
import { addReference, REFERENCE_PATHS } from '../api/reference.ts';
import type { Service } from '../service.ts';
import { FILTER_ROUTE } from './filter.ts';

/** Whether the server is on its way out. */
export interface ServerState {
  closing: boolean;
}

const BUCKET_PATH = /^\/v1\/(?:account|password)\/[^/]*$/;
const READ = {
  routes: ['/v1/config', '/v1/datasets', '/healthz', '/readyz', ...REFERENCE_PATHS, FILTER_ROUTE, BUCKET_PATH],
  methods: 'GET, HEAD, OPTIONS',
  headers: 'Authorization, If-None-Match, If-Range, Range',
};
const EVALUATE = {
  routes: ['/v1/lookup', '/v1/evaluate', '/v1/prove'],
  methods: 'POST, OPTIONS',
  headers: 'Authorization, Content-Type',
};

/** @param service what is asked; `services` are all that can be */
export function createApp(
  services: readonly Service[],
  { snapshots }: Service,
  state: ServerState,
  onEvent: OnEvent,
): Express {
  // They do not change while the server runs.
  const datasets = JSON.stringify(
    services.map(({ dataset: { id: dataset, parameters } }) => {
      const { keyId, suite } = parameters;
      return { dataset, keyId, suite };
    }),
  );
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
    const headers = ['ETag', etag, 'Credveil-Snapshot', id, 'Cache-Control', 'public, no-cache', ...DATA_HEADERS];
    if (isNotModified(request.headers['if-none-match'], etag)) {
      response.writeHead(304, headers).end();
      return;
    }
    headers.push('Content-Type', 'application/json', 'Content-Length', String(config.length));
    response.writeHead(200, headers).end(config);
  });

  app.get('/v1/datasets', (_request, response) => sendJson(response, datasets));

  app.get('/healthz', (_request, response) => sendStatus(response, { status: 'ok' }));

  app.get('/readyz', (_request, response) => {
    if (state.closing) return sendProblem(response, 'NOT_READY');
    const { current, refused } = snapshots;
    sendStatus(response, { status: 'ready', snapshot: current.id, ...(refused && { refused }) });
  });

  addReference(app);

  for (const { routes, methods, headers } of [READ, EVALUATE]) {
    const preflight = [
      'Allow',
      methods,
      'Access-Control-Allow-Methods',
      methods,
      'Access-Control-Allow-Headers',
      headers,
      'Access-Control-Max-Age',
      '86400',
      ...DATA_HEADERS,
    ];
    app.options(routes, (_request, response) => {
      response.writeHead(204, preflight).end();
    });
    app.all(routes, (_request, response) => sendProblem(response, 'METHOD_NOT_ALLOWED', ['Allow', methods]));
  }
  app.use((_request, response) => sendProblem(response, 'ROUTE_MISSING'));
  // Express knows an error handler by its four parameters.
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    sendInternal(response, error, onEvent);
  });
  return app;
}

interface Status {
  readonly status: string;
  readonly snapshot?: string;
  /** Why a newer snapshot is not served. */
  readonly refused?: { readonly code: string };
}

function sendStatus(response: Response, status: Status): void {
  sendJson(response, JSON.stringify(status));
}

function sendJson(response: Response, json: string): void {
  const headers = ['Content-Type', 'application/json', 'Content-Length', String(json.length)];
  response.writeHead(200, [...headers, 'Cache-Control', 'no-store', ...DATA_HEADERS]).end(json);
}

/** What is left to say after an exception. The client learns that there was one, the operator its name. */
export function sendInternal(response: ServerResponse, error: unknown, onEvent: OnEvent): void {
  onEvent({ event: 'request-failed', ...nameError(error) });
  if (response.headersSent) response.destroy();
  else sendProblem(response, 'INTERNAL');
}
