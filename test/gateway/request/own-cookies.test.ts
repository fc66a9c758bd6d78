// Cookies of the gateway: applications neither get nor set them.

import { describe, expect, test } from 'vitest';
import { takeOwnCookies } from '../../../gateway/request/own-cookies.ts';
import { echo, echoOf, exchange, inFrontOf, seen, serve, startOrigin } from '../../support/gateway/gateway.ts';

describe('a Cookie header', () => {
  test.each([
    ['a=1; b=2', 'a=1; b=2', {}],
    ['cv-b=x', '', { 'cv-b': 'x' }],
    ['a=1; __Host-cv-b=x=y; b=2', 'a=1; b=2', { '__Host-cv-b': 'x=y' }],
    ['__host-CV-b=x;a=1', 'a=1', { '__host-CV-b': 'x' }],
    ['__Host-credveil-d=x; a="; cv-b=y"', 'a="', { '__Host-credveil-d': 'x', 'cv-b': 'y"' }],
    ['cv-b=x; a=1; cv-b=y', 'a=1', {}],
    ['cv-b; a=1', 'a=1', { 'cv-b': '' }],
    // Browsers let a sibling host set these: they do not begin with the prefix.
    ['\xa0__Host-cv-b=x; a=1', '\xa0__Host-cv-b=x; a=1', {}],
    ['__Host-cv-b=x; \xa0__Host-cv-b=y', '\xa0__Host-cv-b=y', { '__Host-cv-b': 'x' }],
    ['\x0b__Host-cv-b=x;\x0c__Host-cv-b=x', '\x0b__Host-cv-b=x;\x0c__Host-cv-b=x', {}],
    ['__Host-cv-b\xa0=x; \t__Host-cv-b\t = y ', '', { '__Host-cv-b\xa0': 'x', '__Host-cv-b': 'y' }],
    ['\x85__Host-cv-b=x', '\x85__Host-cv-b=x', {}],
    ['xcv-b=1; a=cv-b', 'xcv-b=1; a=cv-b', {}],
  ])('%s keeps all others as they came', (value, rest, own) => {
    const taken = takeOwnCookies(value);
    expect(taken.rest).toBe(rest);
    expect(Object.fromEntries(taken.own)).toEqual(own);
  });
});

describe('through the gateway', () => {
  test.each([
    ['Cookie: __Host-cv-b=x\r\n', []],
    ['Cookie: a=1; cv-b=x; b=2\r\n', ['a=1; b=2']],
    ['Cookie: a=1\r\nCookie: CV-B=x; b=2\r\n', ['a=1; b=2']],
    ['Cookie: __Secure-credveil-d=x; a=1\r\n', ['a=1']],
  ])('an application does not get %j', async (header, expected) => {
    const { port } = await serve(inFrontOf((await startOrigin(echo)).url));
    const answer = await exchange(port, `GET / HTTP/1.1\r\nHost: app.example\r\n${header}\r\n`);
    expect(seen(echoOf(answer), 'cookie')).toEqual(expected);
  });

  test('an application sets none of them, and all others', async () => {
    const { url } = await startOrigin((_, response) => {
      const cookies = [
        '__Host-cv-b=evil; Path=/',
        'a=1; Path=/',
        ' cv-b=evil',
        'CREDVEIL-d=evil',
        'b=cv-b',
        '=cv-b=evil',
        '=__Host-cv-b=x',
        ' = cv-b',
      ];
      response.setHeader('Set-Cookie', cookies).end();
    });
    const { port } = await serve(inFrontOf(url));
    const { head } = await exchange(port, 'GET / HTTP/1.1\r\nHost: app.example\r\n\r\n');
    expect(head.match(/^set-cookie: .*$/gim)).toEqual(['Set-Cookie: a=1; Path=/', 'Set-Cookie: b=cv-b']);
  });

  test.each([
    'Exposed-Credential-Check',
    'exposed-credential-check',
    'EXPOSED-CREDENTIAL-CHECK',
    'ExposedCredentialCheck',
    'Exposed-CredentialCheck',
    'Credveil-Attempt',
    'Credveil-Anything',
  ])('a verdict that a client sends as %s does not arrive', async (name) => {
    const { port } = await serve(inFrontOf((await startOrigin(echo)).url));
    const answer = await exchange(port, `GET / HTTP/1.1\r\nHost: app.example\r\n${name}: 1\r\nX-Other: 1\r\n\r\n`);
    const letters = echoOf(answer).rawHeaders.map((text) => text.toLowerCase().replace(/[^a-z]/g, ''));
    expect(letters.filter((text) => /exposed|^credveil/.test(text))).toEqual([]);
    expect(letters).toContain('xother');
  });

  test.each(['Exposed_Credential_Check', 'Exposed.Credential-Check', 'Credveil_Attempt'])(
    'a verdict in the spelling %s is refused',
    async (name) => {
      const { port } = await serve(inFrontOf((await startOrigin(echo)).url));
      const { status } = await exchange(port, `GET / HTTP/1.1\r\nHost: app.example\r\n${name}: 1\r\n\r\n`);
      expect(status).toBe(400);
    },
  );
});
