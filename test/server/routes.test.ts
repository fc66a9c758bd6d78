// The route table: a new route needs only one entry and its handler.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test as base, describe, expect, vi } from 'vitest';
import { addClient } from '../../access/client-file.ts';
import type { ServerEvent } from '../../runtime/events.ts';
import { headerBlock } from '../../runtime/http/headers.ts';
import { ProblemError } from '../../runtime/http/problem.ts';
import { parseLimits } from '../../runtime/limits.ts';
import { type Access, openAccess } from '../../server/access.ts';
import { createOpenApi } from '../../server/api/openapi.ts';
import type { Route } from '../../server/api/route.ts';
import { createListener } from '../../server/listener.ts';
import { ROUTES } from '../../server/routes.ts';
import { startServer } from '../../server/server.ts';
import { closeServices, openServices, type Service } from '../../server/service.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../support/dataset.ts';
import { perFile } from '../support/per-file.ts';

/** A complete new route. */
const ECHO: Route = {
  path: '/v1/echo/{word}',
  handler: () => (exchange) => {
    if (exchange.parameter === 'bad') throw new ProblemError('PREFIX_MALFORMED');
    if (exchange.parameter === 'broken') throw new Error('says secrets');
    exchange.reply(200, headerBlock({ 'Content-Type': 'text/plain' }), Buffer.from(exchange.parameter));
  },
  methods: ['GET'],
  access: 'metered',
  cache: 'revalidate',
  rates: 'bucket',
  ofDataset: true,
  documentation: {
    GET: {
      summary: 'Sends a word back',
      parameters: [
        { name: 'X-Echo', in: 'header', description: 'Not read.', schema: { type: 'string' } },
        { name: 'word', in: 'path', required: true, description: 'The word.', schema: { type: 'string' } },
      ],
      answers: { 200: { description: 'The word.', content: { 'text/plain': {} } } },
    },
  },
};
const routes = [...ROUTES, ECHO];

interface World {
  readonly made: MadeDataset;
  readonly services: readonly [Service];
  readonly access: Access;
  readonly events: readonly ServerEvent[];
  /** A request to the table with the new route, by default of a listed client. */
  ask(path: string, method?: string, headers?: { [name: string]: string }, body?: string): Promise<Response>;
  close(): Promise<void>;
}

async function openWorld(): Promise<World> {
  const made = await makeDataset({ pairs: seededPairs(20) });
  const events: ServerEvent[] = [];
  const onEvent = (event: ServerEvent): void => void events.push(event);
  const clientsFile = `${made.folder}.routes.json`;
  const authorization = `Bearer ${addClient(clientsFile, 'echo', { 'requests-per-day': 5 }).keyText}`;
  const [service] = await openServices([{ folder: made.folder }], {
    pollIntervalMs: 60_000,
    maxHeldBytes: 2 ** 20,
    onEvent,
  });
  const services = [service as Service] as const;
  const place = { folder: made.folder, host: '127.0.0.1', pollIntervalMs: 60_000, onEvent };
  const access = openAccess({ clientsFile, quotaFile: `${clientsFile}.sqlite` }, place);
  const table = await listen(services, [...routes], access);
  return {
    made,
    services,
    access,
    events,
    ask: (path, method = 'GET', headers = { authorization }, body) =>
      fetch(table.url + path, { method, headers, ...(body !== undefined && { body }) }),
    async close() {
      await table.close();
      access.close();
      await closeServices([...services]);
      made.dispose();
    },
  };
}

/** Starts a listener of a table of routes. */
async function listen(services: World['services'], table: Route[], access: Access) {
  const parts = { state: { closing: false }, limits: parseLimits({}), pages: undefined, routes: table, ...access };
  const server = createServer(createListener([...services], parts));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const test = base.extend<{ readonly world: World }>({ world: perFile(openWorld, (world) => world.close()) });

describe('a route with a single table entry', () => {
  test('the route serves GET with its cache rule, also below a dataset', async ({ world: { made, ask } }) => {
    for (const path of ['/v1/echo/hello', `/d/${made.dataset.id}/v1/echo/hello`]) {
      const answer = await ask(path);
      expect([answer.status, await answer.text()]).toEqual([200, 'hello']);
      expect(answer.headers.get('cache-control')).toBe('private, no-cache');
      expect(answer.headers.get('ratelimit-policy')).toContain('requests-per-day');
    }
  });

  test('the route serves HEAD with only the headers of GET', async ({ world: { ask } }) => {
    const answer = await ask('/v1/echo/hello', 'HEAD');
    expect([answer.status, answer.headers.get('content-length'), await answer.text()]).toEqual([200, '5', '']);
  });

  test('the route serves OPTIONS without a key, with its methods and documented headers', async ({
    world: { ask },
  }) => {
    const answer = await ask('/v1/echo/hello', 'OPTIONS', {});
    expect([answer.status, answer.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS']);
    expect(answer.headers.get('access-control-allow-headers')).toBe('Authorization, If-None-Match, X-Echo');
  });

  test('the route refuses other methods, bodies, and requests without a key', async ({ world: { ask } }) => {
    const deleted = await ask('/v1/echo/hello', 'DELETE');
    expect([deleted.status, deleted.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
    expect((await ask('/v1/echo/hello', 'GET', {})).status).toBe(401);
    const posted = await ask('/v1/echo/hello', 'POST', undefined, 'x');
    expect([posted.status, (await posted.json()).code]).toEqual([413, 'BODY_NOT_ALLOWED']);
  });

  test('the route counts against quotas and is refused once they are used up', async ({ world: { ask } }) => {
    const answer = await ask('/v1/echo/hello');
    expect([answer.status, (await answer.json()).code]).toEqual([429, 'QUOTA_EXCEEDED']);
  });

  test('OpenAPI documents the route with the problems of its access rule', () => {
    const { get, head } = createOpenApi(routes, '1.2.3').paths[ECHO.path] ?? {};
    expect(get?.summary).toBe('Sends a word back');
    expect(head?.summary).toContain('Sends a word back');
    expect(Object.keys(get?.responses ?? {})).toEqual(expect.arrayContaining(['200', '401', '405', '413', '429']));
  });

  test('metrics contain the route', ({ world: { access } }) => {
    const requests = access.requests.collect().find(({ name }) => name === 'credveil_requests_total');
    const ofEcho = requests?.values.filter(({ labels }) => labels.route === ECHO.path) ?? [];
    expect(Object.fromEntries(ofEcho.map(({ labels, value }) => [labels.status, value]))).toEqual({
      '2xx': 4,
      '4xx': 4,
    });
  });
});

test('an unexpected error gets the response INTERNAL, and its event contains only its name', async ({
  world: { services, access, events },
}) => {
  const open: Route = { ...ECHO, access: 'open' };
  const failures = (): ServerEvent[] => events.filter(({ event }) => event === 'request-failed');
  const failing = await listen(services, [open], access);
  try {
    const place = `${failing.url}/v1/echo`;
    const bad = await fetch(`${place}/bad`);
    expect([bad.status, (await bad.json()).code]).toEqual([400, 'PREFIX_MALFORMED']);
    expect(failures()).toEqual([]);
    const broken = await fetch(`${place}/broken`);
    expect([broken.status, (await broken.json()).code]).toEqual([500, 'INTERNAL']);
    expect(failures()).toEqual([expect.objectContaining({ code: 'Error' })]);
    expect(JSON.stringify(events)).not.toContain('secrets');
  } finally {
    await failing.close();
  }
});

test('documents answer 500 while express does not load, and everything else answers', async ({ world: { made } }) => {
  vi.doMock('express', () => {
    throw new Error('express is broken');
  });
  const reported: ServerEvent[] = [];
  const served = await startServer(made.folder, {
    port: 0,
    clientsFile: `${made.folder}.nobody`,
    onEvent: (event) => reported.push(event),
  });
  try {
    for (const path of ['/openapi.json', '/reference', '/v1/datasets', '/openapi.json']) {
      const answer = await fetch(served.url + path);
      expect([path, answer.status, (await answer.json()).code]).toEqual([path, 500, 'INTERNAL']);
    }
    expect(reported.filter(({ event }) => event === 'request-failed')).toHaveLength(4);
    for (const path of ['/healthz', '/readyz', '/v1/head', '/v1/account/0'])
      expect([path, (await fetch(served.url + path)).status]).toEqual([path, 200]);
    vi.doUnmock('express');
    vi.resetModules();
    expect((await fetch(`${served.url}/openapi.json`)).status).toBe(200);
  } finally {
    vi.doUnmock('express');
    await served.close({ deadlineMs: 100 });
  }
});
