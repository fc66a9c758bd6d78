// The PROXY protocol: who may begin with its header, what the header says, and what is none.

import { describe, expect, test } from 'vitest';
import { formatAddress } from '../../../gateway/addresses/address.ts';
import { readProxyHeader } from '../../../gateway/connection/proxy-protocol.ts';
import { get } from '../../support/gateway/desync/case.ts';
import {
  echo,
  echoOf,
  inFrontOf,
  parseAnswer,
  seen,
  sendRaw,
  serve,
  startOrigin,
} from '../../support/gateway/gateway.ts';

const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n';
const V4 = '\xc0\0\x02\x07\xc0\0\x02\x02\x12\x34\x01\xbb';
const V6 = `\x20\x01\x0d\xb8${'\0'.repeat(11)}\x07${'\0'.repeat(16)}\x12\x34\x01\xbb`;

const header = (command: string, kind: string, rest: string): string =>
  `${SIGNATURE}${command}${kind}${String.fromCharCode(rest.length >> 8, rest.length & 255)}${rest}`;
const read = (text: string) => readProxyHeader(Buffer.from(text, 'latin1'));
const sourceOf = (text: string): string => {
  const found = read(text);
  if (typeof found === 'string') return found;
  return found.source === 'local' ? 'local' : `${formatAddress(found.source)} ${found.length}`;
};

describe('a header', () => {
  test.each([
    ['of IPv4', header('\x21', '\x11', V4), '192.0.2.7 28'],
    ['of IPv6', header('\x21', '\x21', V6), '2001:db8::7 52'],
    ['with more after its addresses', header('\x21', '\x11', `${V4}\x03\0\x04abcd`), '192.0.2.7 35'],
    ['with a request after it', `${header('\x21', '\x11', V4)}GET /`, '192.0.2.7 28'],
    ['of the balancer itself', header('\x20', '\0', ''), 'local'],
    ['of the balancer itself, with addresses', header('\x20', '\x11', V4), 'local'],
    ['of version 1', 'PROXY TCP4 192.0.2.7 192.0.2.2 1 2\r\n', 'malformed'],
    ['of version 3', header('\x31', '\x11', V4), 'malformed'],
    ['of an unknown command', header('\x22', '\x11', V4), 'malformed'],
    ['of UDP', header('\x21', '\x12', V4), 'malformed'],
    ['of a Unix socket', header('\x21', '\x31', 'a'.repeat(216)), 'malformed'],
    ['of no family', header('\x21', '\0', V4), 'malformed'],
    ['that is too short for IPv4', header('\x21', '\x11', V4.slice(1)), 'malformed'],
    ['that is too short for IPv6', header('\x21', '\x21', V4), 'malformed'],
    ['that is too long', header('\x21', '\x11', 'a'.repeat(3_000)), 'malformed'],
    ['that is none', 'GET / HTTP/1.1\r\n', 'malformed'],
  ])('%s', (_, text, expected) => {
    expect(sourceOf(text)).toBe(expected);
  });

  test('is incomplete up to its last byte', () => {
    const text = header('\x21', '\x11', V4);
    for (let length = 0; length < text.length; length++) expect(read(text.slice(0, length))).toBe('incomplete');
  });
});

describe('a connection', () => {
  const proxied = async (peers: string): Promise<number> => {
    const { url } = await startOrigin(echo);
    return (await serve(inFrontOf(url, `proxyProtocol: [${peers}]\n`))).port;
  };
  const request = get('/', 'Connection: close', 'X-Forwarded-For: 6.6.6.6');

  test('of a listed peer is that of the client in its header', async () => {
    const port = await proxied('127.0.0.1');
    const text = await sendRaw(port, `${header('\x21', '\x11', V4)}${request}`);
    expect(seen(echoOf(parseAnswer(text)), 'x-forwarded-for')).toEqual(['192.0.2.7']);
  });

  test('of the balancer itself is its own', async () => {
    const text = await sendRaw(await proxied('127.0.0.1'), `${header('\x20', '\0', '')}${request}`);
    expect(seen(echoOf(parseAnswer(text)), 'x-forwarded-for')).toEqual(['127.0.0.1']);
  });

  test.each([
    ['without a header', ''],
    ['with a malformed one', header('\x21', '\x12', V4)],
    ['with one of version 1', 'PROXY TCP4 192.0.2.7 192.0.2.2 1 2\r\n'],
    ['with two of them', header('\x21', '\x11', V4).repeat(2)],
  ])('of a listed peer %s is not served', async (_, start) => {
    expect(await sendRaw(await proxied('127.0.0.1'), `${start}${request}`)).not.toContain('200 OK');
  });

  test('of any other peer may not begin with one', async () => {
    const text = await sendRaw(await proxied('192.0.2.1'), `${header('\x21', '\x11', V4)}${request}`);
    expect(parseAnswer(text).status).toBe(400);
  });
});
