// The log: its fields, which never contain request data, an address or a secret.

import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { addClient, clientFileFor } from '../../access/client-file.ts';
import type { ServerEvent } from '../../runtime/events.ts';
import { createLog } from '../../runtime/observe/log.ts';
import { ROUTES } from '../../server/routes.ts';
import { serveDataset } from '../support/credveil.ts';
import { seededPairs } from '../support/dataset.ts';
import { datasetTest } from '../support/vitest/fixtures.ts';

const marker = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => String.fromCharCode(97 + (byte % 26))).join('');

const test = datasetTest({ pairs: seededPairs(300), bucketFloor: 8 }, 'file');

const lines = (text: string): { [field: string]: unknown }[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { [field: string]: unknown });

describe.each([0, 2])('the debug log of a server with %i workers', (workers) => {
  /** One of many loopback addresses, so that it can be recognized. */
  const address = `127.${10 + workers}.57.91`;
  const marked = marker();
  async function ask(url: string, method: string, options: { key?: string; body?: string } = {}): Promise<number> {
    const headers = {
      'user-agent': marked,
      'x-forwarded-for': `203.0.113.7, ${marked}`,
      cookie: marked,
      ...(options.key !== undefined && { authorization: `Bearer ${options.key}` }),
    };
    const request = http.request(url, { method, headers, localAddress: address, agent: false });
    request.end(options.body);
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    response.resume();
    await once(response, 'end');
    return response.statusCode as number;
  }

  test('a request line has the route, status and client, and no request data', async ({ made }) => {
    const key = addClient(clientFileFor(made.folder), `client-${workers}`, { 'requests-per-day': 30 })
      .keyText as string;
    const served = await serveDataset(made.folder, {
      args: ['--workers', `${workers}`, '--log-level', 'debug', '--poll-interval-ms', '20'],
    });
    const asked: [string, string, { key?: string; body?: string }][] = [
      ['GET', '/v1/account/1f', { key }],
      ['GET', '/v1/head', { key }],
      ['GET', '/v1/head', { key: `${key.slice(0, -1)}~` }],
      ['GET', '/v1/head', { key: marked }],
      ['GET', `/v1/account/${marked}`, { key }],
      ['GET', `/v1/account/0?snapshot=${marked}`, { key }],
      ['GET', `/${marked}`, {}],
      ['POST', '/v1/evaluate', { key, body: marked }],
      ['POST', '/healthz', { body: marked }],
      ['PURGE', '/healthz', {}],
      ['GET', '/readyz', {}],
    ];
    for (const [method, path, options] of asked) await ask(served.url + path, method, options);
    for (let i = 0; i < 40; i++) await ask(`${served.url}/v1/account/1e`, 'GET', { key });
    const raw = net.connect(Number(new URL(served.url).port), '127.0.0.1');
    raw.resume().end(`${marked} no http\r\n\r\n`);
    await once(raw, 'close');
    const { code, stderr, stdout } = await served.stop();
    expect(code).toBe(0);

    const logged = lines(stderr);
    const requests = logged.filter(({ route }) => route !== undefined);
    expect(requests).toHaveLength(asked.length + 40);
    const known = new Set<unknown>([...ROUTES.map(({ path }) => path), 'none']);
    for (const line of requests) {
      expect(known).toContain(line.route);
      expect(Object.keys(line).sort()).toEqual(
        [
          ...['level', 'time', 'route', 'method', 'status', 'durationMs'],
          // The length of an answer to a prefix may tell which prefix it was.
          ...(/\{prefix\}|evaluate/.test(String(line.route)) ? [] : ['bytes']),
          ...(line.client === undefined ? [] : ['client', 'clientId']),
        ].sort(),
      );
    }
    expect(requests[0]).toMatchObject({
      level: 'debug',
      route: '/v1/account/{prefix}',
      method: 'GET',
      status: 200,
      client: `client-${workers}`,
      clientId: key.split('.')[1],
    });
    expect(requests[1]).toMatchObject({ route: '/v1/head', bytes: expect.toSatisfy((bytes: number) => bytes > 500) });
    expect(requests.map(({ method }) => method)).toContain('other');
    expect(requests.filter(({ status }) => status === 401)).toHaveLength(2);
    expect(requests.filter(({ status }) => status === 429).length).toBeGreaterThan(0);
    expect(logged.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['listening', 'snapshot-opened', 'closed']),
    );

    const secret = key.split('.')[2] as string;
    for (const sought of [marked, secret, secret.slice(0, 20), address, '203.0.113', '1e', '1f'].filter(
      // Two hex digits may occur in a time or an id. Below, they are sought as part of a path.
      (text) => text.length > 2,
    ))
      expect(stderr.includes(sought) || stdout.includes(sought), 'a trace of a request').toBe(false);
    expect(stderr).not.toMatch(/account\/[0-9a-f]/);
    expect(stderr).not.toMatch(/"(?:hostname|req|res|err|headers|body|ip|remoteAddress)":|"url":"\//);
  });
});

describe('log levels', () => {
  test('an event that says what to do is a warning or an error', () => {
    const events = fs.readFileSync(path.join(import.meta.dirname, '../../runtime/events.ts'), 'utf8');
    const [union = ''] = events.split(/;\n\n/).filter((part) => part.includes('export type ServerEvent ='));
    const members = union.split(/^ {2}\| /m).filter((member) => /\bhint\??: string/.test(member));
    const names = members.flatMap((member) => {
      const [, named = ''] = /readonly event: ([^;]+);/.exec(member) ?? [];
      return [...named.matchAll(/'([a-z-]+)'/g)].map(([, name]) => name);
    });
    expect(names.length).toBeGreaterThan(30);
    const written: string[] = [];
    const log = createLog('warn', (line) => written.push(line));
    for (const event of names) log.event({ event, hint: 'Look.' } as unknown as ServerEvent);
    const logged = written.map((line) => (JSON.parse(line) as { event: string }).event);
    // They may come often, and nothing fails by them.
    const often = ['connections-refused', 'session-kept-back'];
    expect(names.filter((name) => !logged.includes(name as string)).sort()).toEqual(often);
  });
});

describe('log filtering', () => {
  test('an event field that is not on the list is never written', () => {
    const written: string[] = [];
    const log = createLog('trace', (line) => written.push(line));
    const secret = marker();
    log.event({
      event: 'request-failed',
      code: 'X',
      hint: 'Y',
      password: secret,
      peer: secret,
      req: { url: secret },
      err: new Error(secret),
    } as unknown as ServerEvent);
    log.request({
      route: '/healthz',
      method: secret,
      status: 200,
      durationMs: 1,
      bytes: 2,
      prefix: secret,
    } as unknown as Parameters<typeof log.request>[0]);
    expect(written.join('')).not.toContain(secret);
    expect(lines(written.join(''))).toEqual([
      { level: 'error', time: expect.any(String), event: 'request-failed', code: 'X', hint: 'Y' },
      expect.objectContaining({ level: 'debug', route: '/healthz', method: 'other', status: 200 }),
    ]);
  });

  test('events below the log level are not written', () => {
    const written: string[] = [];
    const log = createLog('warn', (line) => written.push(line));
    expect(log.requests).toBe(false);
    log.event({ event: 'closed' });
    log.request({ route: '/healthz', method: 'GET', status: 200, durationMs: 1, bytes: 2 });
    log.event({ event: 'snapshot-refused', code: 'C', message: 'M', hint: 'H' });
    expect(lines(written.join(''))).toEqual([
      { level: 'error', time: expect.any(String), event: 'snapshot-refused', code: 'C', msg: 'M', hint: 'H' },
    ]);
    expect(createLog('silent', (line) => written.push(line)).requests).toBe(false);
  });
});
