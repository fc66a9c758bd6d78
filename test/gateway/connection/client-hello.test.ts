// The server name in a ClientHello: whole, in pieces, twice, malformed.

import { describe, expect, test } from 'vitest';
import { readHello } from '../../../gateway/connection/client-hello.ts';

const u16 = (value: number): string => String.fromCharCode(value >> 8, value & 255);
const vector = (body: string): string => u16(body.length) + body;
const nameOf = (name: string, type = '\0'): string => type + vector(name);
/** The extension with a list of names. */
const names = (...entries: readonly string[]): string => u16(0) + vector(vector(entries.join('')));
const alpn = u16(16) + vector('\0\x03\x02h2');

function hello(extensions: string): string {
  const body = `\x03\x03${'r'.repeat(32)}\0${vector('\x13\x01')}\x01\0${vector(extensions)}`;
  return `\x01\0${vector(body)}`;
}
const record = (part: string): string => `\x16\x03\x01${vector(part)}`;
const read = (text: string) => readHello(Buffer.from(text, 'latin1'));

describe('a ClientHello', () => {
  test.each([
    ['has its name', record(hello(names(nameOf('app.example')))), 'app.example'],
    ['has its name in small letters', record(hello(names(nameOf('APP.Example')))), 'app.example'],
    ['has it without its closing dot', record(hello(names(nameOf('app.example.')))), 'app.example'],
    ['has it after other extensions', record(hello(alpn + names(nameOf('app.example')))), 'app.example'],
    ['has none', record(hello(alpn)), undefined],
  ])('%s', (_, bytes, serverName) => {
    expect(read(bytes)).toEqual({ serverName });
  });

  test('may come in records of any size', () => {
    const message = hello(names(nameOf('app.example')));
    for (let cut = 1; cut < message.length; cut++)
      expect(read(record(message.slice(0, cut)) + record(message.slice(cut)))).toEqual({ serverName: 'app.example' });
  });

  test('is incomplete up to its last byte', () => {
    const bytes = record(hello(names(nameOf('app.example'))));
    for (let length = 0; length < bytes.length; length++) expect(read(bytes.slice(0, length))).toBe('incomplete');
  });

  test.each([
    ['with two names', record(hello(names(nameOf('app.example'), nameOf('other.example'))))],
    ['with two lists of names', record(hello(names(nameOf('app.example')) + names(nameOf('other.example'))))],
    ['with a name of another type', record(hello(names(nameOf('app.example', '\x01'))))],
    ['with an empty name', record(hello(names(nameOf(''))))],
    ['with no name in its list', record(hello(names()))],
    ['with a name of other characters', record(hello(names(nameOf('app.example\0'))))],
    ['with a name that is too long', record(hello(names(nameOf('a'.repeat(300)))))],
    ['with an extension that ends early', record(hello(`${u16(0)}\xff\xff`))],
    ['with an empty record before it', record('') + record(hello(alpn))],
    ['of another handshake message', record(hello(alpn).replace('\x01', '\x02'))],
    ['that is HTTP', 'GET / HTTP/1.1\r\n'],
  ])('%s is malformed', (_, bytes) => {
    expect(read(bytes)).toBe('malformed');
  });
});
