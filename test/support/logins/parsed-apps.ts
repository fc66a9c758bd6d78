// Logins in Express and Fastify, whose handlers read a parsed body and query.

import http from 'node:http';
import net from 'node:net';
import express from 'express';
import fastify from 'fastify';
import { leakCheck as onExpress } from '../../../client-sdk/adapter/express.ts';
import { leakCheck as onFastify } from '../../../client-sdk/adapter/fastify.ts';
import type { Recorder } from './attempts.ts';
import { headersOf, type LoginRequest } from './requests.ts';
import { type LoginApp, ROUTES } from './routes.ts';

export function createExpressLogins({ checker, handle }: Recorder): LoginApp {
  const app = express();
  app.set('query parser', 'extended');
  app.use(express.json({ type: () => true, strict: false }), express.urlencoded({ extended: true }));
  for (const { path, reader, hash, options } of ROUTES)
    app.post(path, onExpress(checker, options), async (request, response) => {
      await handle(reader(request.body, request.query), hash, request.leaks);
      response.end();
    });
  // Two parsers by content type, as most applications have them.
  const typed = express();
  typed.set('query parser', 'extended');
  typed.use(express.json(), express.urlencoded({ extended: true }));
  for (const { path, reader, hash, options } of ROUTES)
    typed.post(path, onExpress(checker, options), async (request, response) => {
      await handle(reader(request.body, request.query), hash, request.leaks);
      response.end();
    });
  const onError: express.ErrorRequestHandler = (_error, _request, response, _next) => void response.status(500).end();
  app.use(onError);
  typed.use(onError);
  let turn = 0;
  return {
    // Of a period that no number of routes shares.
    send: (path, login) => dispatch(turn++ % 3 === 0 ? app : typed, path, login),
    close: async () => {},
  };
}

/** Runs an application on a message without a connection. */
function dispatch(
  app: (request: http.IncomingMessage, response: http.ServerResponse) => void,
  path: string,
  login: LoginRequest,
): Promise<void> {
  const { query, body } = login;
  const request = new http.IncomingMessage(new net.Socket());
  request.method = 'POST';
  request.url = path + query;
  request.headers = { ...headersOf(login), 'content-length': String(body.length) };
  request.push(body);
  request.push(null);
  const response = new http.ServerResponse(request);
  return new Promise((resolve) => {
    const end = response.end.bind(response);
    Object.assign(response, {
      end: (...args: Parameters<typeof end>) => {
        resolve();
        return end(...args);
      },
    });
    app(request, response);
  });
}

export async function createFastifyLogins({ checker, handle }: Recorder): Promise<LoginApp> {
  const app = fastify();
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, text, done) => {
    const fields: Record<string, unknown> = Object.create(null);
    for (const [name, value] of new URLSearchParams(String(text)))
      fields[name] = name in fields ? [fields[name], value].flat() : value;
    done(null, fields);
  });
  await app.register(onFastify, { checker });
  for (const { path, reader, hash, options } of ROUTES)
    app.post(path, { config: { leakCheck: options } }, async (request) => {
      await handle(reader(request.body, request.query), hash, request.leaks);
      return '';
    });
  await app.ready();
  return {
    async send(path, login) {
      await app.inject({ method: 'POST', url: path + login.query, payload: login.body, headers: headersOf(login) });
    },
    close: () => app.close(),
  };
}
