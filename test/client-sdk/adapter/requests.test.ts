// Hostile requests: copies of the header in every place, and long, ambiguous or mislabelled bodies.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TEST_CREDENTIALS } from '../../../protocol/test-credentials.ts';
import { ADAPTERS, type App } from '../../support/client/adapter-apps.ts';
import { COPIES, chunk, seenIn, sendRaw, taken } from '../../support/client/adapter-requests.ts';
import { type AdapterWorld, createAdapterWorld } from '../../support/worlds/adapter-world.ts';

const { pair, clean } = TEST_CREDENTIALS;
const PAIR = JSON.stringify(pair);
const FORM = 'application/x-www-form-urlencoded';
const BROKEN = 'multipart/form-data; boundary=x';

let world: AdapterWorld;
beforeAll(async () => {
  world = await createAdapterWorld('hmac');
});
afterAll(() => world.close());

describe.each(Object.entries(ADAPTERS))('%s', (name, start) => {
  let app: App;
  beforeAll(async () => {
    app = await start(world.checker);
  });
  afterAll(() => app.close());

  test('removes every copy of the header: repeated, respelled, raw, and in trailers', async () => {
    const head = [
      'POST /login HTTP/1.1',
      'Host: 127.0.0.1',
      'Content-Type: application/json',
      'Transfer-Encoding: chunked',
      'Connection: close, Exposed-Credential-Check, exposed_credential_check',
      'Trailer: exposed-credential-check, Expires',
      ...COPIES,
    ];
    const trailers = `0\r\n${COPIES.join('\r\n')}\r\nExpires: never\r\n\r\n`;
    const seen = seenIn(await sendRaw(app.url, head, chunk(JSON.stringify(clean)) + trailers));
    expect(seen).toMatchObject({ status: 'clean', body: clean });
    expect(taken(seen)).toEqual([]);
    const lists = seen.headers.filter(([field]) => /^(connection|trailer)$/i.test(field)).map(([, list]) => list);
    expect(new Set(lists)).toEqual(new Set(['close', 'Expires']));
    const found = seenIn(await sendRaw(app.url, head, chunk(PAIR) + trailers));
    // Once in each place.
    expect(new Set(taken(found).map((line) => line.toLowerCase()))).toEqual(new Set(['exposed-credential-check: 1']));
  });

  if (name === 'hono' || name === 'fetch' || name === 'next') {
    const post = async (body: string | FormData, type?: string, path = '/login'): Promise<Response> =>
      fetch(app.url + path, { method: 'POST', body, ...(type && { headers: { 'content-type': type } }) });

    test('a body that is too long is challenged, and reaches the handler whole', async () => {
      const long = { ...pair, padding: 'x'.repeat(70_000) };
      const body = JSON.stringify(long);
      expect(await (await post(body, 'application/json')).json()).toMatchObject({
        status: 'unknown',
        reason: 'CREDENTIAL_UNREADABLE',
        action: 'challenge',
        body: long,
      });
      expect((await post(body, 'application/json', '/sign-up/closed')).status).toBe(400);
      const head = ['POST /login HTTP/1.1', 'Host: 127.0.0.1', 'Content-Type: application/json', 'Connection: close'];
      const pieces =
        body
          .match(/.{1,10000}/gs)
          ?.map(chunk)
          .join('') ?? '';
      const answer = await sendRaw(app.url, [...head, 'Transfer-Encoding: chunked'], `${pieces}0\r\n\r\n`);
      expect(answer).toContain('CREDENTIAL_UNREADABLE');
      const under = JSON.stringify({ ...pair, padding: 'x'.repeat(65_000) });
      expect(await (await post(under, 'application/json')).json()).toMatchObject({ status: 'pair' });
    });

    test('checks a multipart form, and both values of a repeated field', async () => {
      const form = new FormData();
      form.set('email', pair.username);
      form.set('password', pair.password);
      expect(await (await post(form)).json()).toMatchObject({ status: 'pair' });
      form.append('password', 'another');
      expect(await (await post(form)).json()).toMatchObject({ status: 'pair', action: 'challenge' });
      form.set('password', 'another');
      form.append('password', 'one');
      expect(await (await post(form)).json()).toMatchObject({ status: 'username', action: 'challenge' });
    });

    test.each([
      ['a repeated field', `username=a&password=b&password=${pair.password}`, FORM],
      [
        'a body that is both JSON and a form',
        `{"a":"&username=nobody&password=x&","username":"u","password":"p"}`,
        FORM,
      ],
    ])('%s is denied', async (_what, body, type) => {
      for (const path of ['/sign-up', '/sign-up/closed', '/sign-up/open'])
        expect((await post(body, type, path)).status).toBe(400);
    });

    test('parses JSON and forms under any content type, as a handler may', async () => {
      const form = new URLSearchParams(pair).toString();
      for (const [type, body, status] of [
        ...['text/plain', FORM, 'application/octet-stream', 'application/vnd.api+json'].map((one) => [one, PAIR, 422]),
        ...['text/plain', FORM].map((one) => [one, form, 422]),
        // Not of its media type.
        [BROKEN, PAIR, 400],
        [BROKEN, form, 400],
        ['application/json', form, 400],
      ] as const)
        expect((await post(String(body), String(type), '/sign-up')).status, `${type}: ${body}`).toBe(status);
    });
  }
});
