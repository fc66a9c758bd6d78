// `POST /.credveil/outcome`: who may report, what, and what is kept of it.

import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Reports } from '../../../gateway/outcome/reports.ts';
import { deriveKey } from '../../../gateway/state/gateway-key.ts';
import { echo, exchange, inFrontOf, serve, startOrigin } from '../../support/gateway/gateway.ts';
import { createMemoryState } from '../../support/gateway/memory-state.ts';
import { createMemoryLimits } from '../../support/gateway/state/states.ts';
import { placeTest } from '../../support/vitest/fixtures.ts';

const key = new Uint8Array(32).fill(5);
const TOKEN = 'a-token-of-at-least-32-characters-1';
const REPORT = { attempt: 'AbCdEfGhIjKl', outcome: 'success', user: 'Marked User' };

function tokenFile(place: { write(name: string, text: string): string }, text = TOKEN, mode = 0o600): string {
  const file = place.write('outcome.token', `${text}\n`);
  fs.chmodSync(file, mode);
  return file;
}

async function world(place: { write(name: string, text: string): string }) {
  const state = createMemoryState();
  const { url } = await startOrigin(echo);
  const config = inFrontOf(url, `outcome: { tokenFile: "${tokenFile(place)}" }\n`);
  const { port, events } = await serve(config, { state: { state, key, limits: createMemoryLimits() } });
  const post = async (
    body: string,
    { token = `Bearer ${TOKEN}`, method = 'POST', path = '/.credveil/outcome' } = {},
  ) => {
    const head = `${method} ${path} HTTP/1.1\r\nHost: app.example\r\nAuthorization: ${token}\r\n`;
    return exchange(port, `${head}Content-Length: ${body.length}\r\n\r\n${body}`);
  };
  return { state, events, post, reports: new Reports(state, deriveKey(key, 'reports')) };
}

describe('a report', () => {
  placeTest('is for the worker that has the login, once, and sealed meanwhile', async ({ place }) => {
    const { state, post, reports } = await world(place);
    await reports.expect(REPORT.attempt);
    expect((await post(JSON.stringify(REPORT))).status).toBe(204);
    expect(state.text()).not.toMatch(/Marked|success/);
    expect(await reports.settle(REPORT.attempt)).toEqual(REPORT);
    expect(await reports.settle(REPORT.attempt)).toBeUndefined();
  });

  placeTest('may come again before the login is settled, and the last one counts', async ({ place }) => {
    const { post, reports } = await world(place);
    await reports.expect(REPORT.attempt);
    for (const outcome of ['failure', 'failure', 'success'])
      expect((await post(JSON.stringify({ ...REPORT, outcome }))).status).toBe(204);
    expect(await reports.settle(REPORT.attempt)).toEqual(REPORT);
  });

  placeTest('of a login that nobody waits for is refused, and not kept', async ({ place }) => {
    const { state, post } = await world(place);
    const { status, body } = await post(JSON.stringify(REPORT));
    expect(status).toBe(404);
    expect(JSON.parse(body)).toMatchObject({ code: 'REPORT_UNKNOWN' });
    expect(state.text()).toBe('');
  });

  placeTest('is taken or late, and never both, while the login is settled', async ({ place }) => {
    const { reports } = await world(place);
    for (let i = 0; i < 20; i++) {
      const attempt = `AttemptNr${String(i).padStart(3, '0')}`;
      await reports.expect(attempt);
      const adding = reports.add({ attempt, outcome: 'success' });
      for (let turns = 0; turns < i; turns++) await Promise.resolve();
      const settled = await reports.settle(attempt);
      expect(await adding).toBe(settled ? 'taken' : 'late');
    }
  });

  placeTest('is late once the login is settled', async ({ place }) => {
    const { post, reports } = await world(place);
    expect(await reports.settle(REPORT.attempt)).toBeUndefined();
    expect((await post(JSON.stringify(REPORT))).status).toBe(409);
  });

  placeTest('of another login, or altered, is none', async ({ place }) => {
    const { state, post, reports } = await world(place);
    await reports.expect(REPORT.attempt);
    await post(JSON.stringify(REPORT));
    const key = (attempt: string): string => `${attempt}.report`;
    const sealed = (await state.get('report', key(REPORT.attempt))) as string;
    await state.set('report', key('OtherAttempt'), sealed, { ttlMs: 1_000 });
    expect(await reports.settle('OtherAttempt')).toBeUndefined();
    await state.set('report', key(REPORT.attempt), `${sealed.slice(0, -2)}AA`, { ttlMs: 1_000 });
    expect(await reports.settle(REPORT.attempt)).toBeUndefined();
  });

  placeTest.for([
    '',
    'no json',
    '[]',
    'null',
    JSON.stringify({ ...REPORT, outcome: 'unknown' }),
    JSON.stringify({ ...REPORT, attempt: 'short' }),
    JSON.stringify({ ...REPORT, attempt: 17 }),
    JSON.stringify({ ...REPORT, more: 1 }),
    JSON.stringify({ ...REPORT, user: '' }),
    JSON.stringify({ ...REPORT, user: 'x'.repeat(1_025) }),
    `${JSON.stringify(REPORT)}\xff`,
    JSON.stringify({ ...REPORT, user: 'x'.repeat(5_000) }),
  ])('%# that is malformed is refused', async (body, { place }) => {
    const { state, post } = await world(place);
    const { status, body: answer } = await post(body);
    expect(status).toBe(400);
    expect(answer).toContain('REPORT_MALFORMED');
    expect(answer).not.toContain('Marked');
    expect(state.text()).toBe('');
  });

  placeTest('without the token is refused, in whatever form', async ({ place }) => {
    const { state, post } = await world(place);
    for (const token of ['', 'Bearer', `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`, `Basic ${TOKEN}`, TOKEN]) {
      const { status, head } = await post(JSON.stringify(REPORT), { token });
      expect(status).toBe(401);
      expect(head).toContain('WWW-Authenticate: Bearer');
    }
    expect(state.text()).toBe('');
    expect((await post('', { method: 'GET' })).status).toBe(405);
  });

  placeTest('is lost, and said to be, while the state is away', async ({ place }) => {
    const { state, post } = await world(place);
    state.leave();
    expect((await post(JSON.stringify(REPORT))).status).toBe(503);
  });
});

describe('paths of the gateway', () => {
  placeTest('never reach an application', async ({ place }) => {
    const { post } = await world(place);
    for (const path of ['/.credveil/', '/.credveil/outcome/x', '/.credveil/other?a=1'])
      expect((await post('{}', { path })).status).toBe(404);
  });

  test('have no report without a token in the configuration', async () => {
    const { url } = await startOrigin(echo);
    const { port } = await serve(inFrontOf(url), {
      state: { state: createMemoryState(), key, limits: createMemoryLimits() },
    });
    const head = `POST /.credveil/outcome HTTP/1.1\r\nHost: app.example\r\nAuthorization: Bearer ${TOKEN}\r\n`;
    expect((await exchange(port, `${head}Content-Length: 2\r\n\r\n{}`)).status).toBe(404);
  });

  placeTest('need a token file that is long and hidden', async ({ place }) => {
    const { url } = await startOrigin(echo);
    const start = (text: string, mode?: number) =>
      serve(inFrontOf(url, `outcome: { tokenFile: "${tokenFile(place, text, mode)}" }\n`));
    await expect(start('short')).rejects.toMatchObject({ code: 'KEY_FILE_MALFORMED' });
    await expect(start(TOKEN, 0o644)).rejects.toMatchObject({ code: 'KEY_FILE_EXPOSED' });
  });
});
