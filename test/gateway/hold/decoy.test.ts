// The login with a wrong password in place of the one that is held back.

import { describe, expect, test } from 'vitest';
import { createDecoy, type LoginParts } from '../../../gateway/quarantine/decoy.ts';
import { basicOf } from '../../support/gateway/login/guarded-app.ts';

const PASSWORD = 'p&ss <w> "ö" 1';
const BYTES = Buffer.from(PASSWORD).toString('latin1');
const parts = (given: Partial<LoginParts>): LoginParts => ({
  target: '/login',
  headers: [],
  body: '',
  ...given,
});

describe('the decoy of a login', () => {
  test.each<[string, Partial<LoginParts>, (made: LoginParts) => string | null | undefined]>([
    [
      'a form',
      { body: new URLSearchParams({ user: 'a', pass: PASSWORD, next: '/' }).toString() },
      ({ body }) => new URLSearchParams(body).get('pass'),
    ],
    [
      'JSON',
      {
        headers: ['Content-Type', 'application/json'],
        body: Buffer.from(JSON.stringify({ user: 'a', pass: PASSWORD })).toString('latin1'),
      },
      ({ body }) => (JSON.parse(body) as { pass: string }).pass,
    ],
    [
      'XML',
      {
        headers: ['Content-Type', 'text/xml'],
        body: `<a><string>p&amp;ss &lt;w&gt; &quot;${BYTES.slice(10, 12)}&quot; 1</string></a>`,
      },
      ({ body }) => /<string>(.*)<\/string>/.exec(body)?.[1],
    ],
    [
      'multipart',
      {
        headers: ['Content-Type', 'multipart/form-data; boundary=x'],
        body: `--x\r\nContent-Disposition: form-data; name="p"\r\n\r\n${BYTES}\r\n--x--\r\n`,
      },
      ({ body }) => /\r\n\r\n(.*)\r\n--x--/.exec(body)?.[1],
    ],
    [
      'a query',
      { target: `/login?p=${encodeURIComponent(PASSWORD)}&q=1` },
      ({ target }) => new URL(target, 'http://a').searchParams.get('p'),
    ],
    [
      'Basic',
      { headers: ['Authorization', basicOf('ann', PASSWORD).Authorization] },
      ({ headers: [, authorization = ''] }) => Buffer.from(authorization.slice(6), 'base64').toString().slice(4),
    ],
    [
      'a cookie',
      { headers: ['Cookie', `a=1; p=${encodeURIComponent(PASSWORD)}; b=2`] },
      ({ headers: [, cookie = ''] }) => /^a=1; p=(.*); b=2$/.exec(cookie)?.[1],
    ],
  ])('has another password of the same length in %s', (_, given, passwordOf) => {
    const made = createDecoy(parts(given), [PASSWORD]);
    const drawn = made && passwordOf(made);
    expect(drawn).toMatch(/^[\w]+$/);
    expect(drawn).toHaveLength(PASSWORD.length);
    expect(JSON.stringify(made)).not.toContain('p&ss');
  });

  test('has no header by which an application could know the login again', () => {
    const headers = [
      'Accept',
      '*/*',
      'Idempotency-Key',
      'k',
      'Cookie',
      'a=1',
      'X-Nonce',
      'n',
      'Sec-Fetch-Mode',
      'cors',
    ];
    const made = createDecoy(parts({ headers, body: `pass=${encodeURIComponent(PASSWORD)}` }), [PASSWORD]);
    expect(made?.headers).toEqual(['Accept', '*/*', 'Cookie', 'a=1']);
  });

  test('is none without a password that could be replaced', () => {
    expect(createDecoy(parts({ body: 'user=a&pass=other' }), [PASSWORD])).toBeUndefined();
  });
});
