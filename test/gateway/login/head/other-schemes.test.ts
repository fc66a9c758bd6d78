// A name and a password that stand elsewhere than behind Basic, as applications find them, and the
// tokens that are none.

import { expect, test } from 'vitest';
import { headCredentials, hidesCredential } from '../../../../gateway/login/head/head-credentials.ts';
import { seededRandom } from '../../../support/dataset.ts';

const b64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');
const PAIR = b64('bob:s3cret pass');

function read(...headers: string[]) {
  const found = headCredentials({ headers });
  return found === 'malformed' ? found : found.map(({ username, password }) => ({ username, password }));
}
const names = (found: ReturnType<typeof read>) =>
  found === 'malformed' ? found : found.flatMap((one) => one.username);
const passwords = (found: ReturnType<typeof read>) =>
  found === 'malformed' ? found : found.flatMap((one) => one.password);

test.each([
  ...[
    `Foo Basic ${PAIR}`,
    `xBasic ${PAIR}`,
    `Bearer x, Basic ${PAIR}`,
    `Bearer x,bAsIc\t${PAIR}`,
    `Foo Basic Basic ${PAIR}`,
  ],
  ...[
    `Bearer ${PAIR}`,
    `Token ${PAIR}`,
    `Foo\t${PAIR}`,
    `Foo  ${PAIR}`,
    `Foo x ${PAIR}`,
    `Foo ${PAIR} x`,
    `Foo\tx ${PAIR} y`,
  ],
  ...[PAIR, `123456${PAIR}`, `1234567${PAIR}`, `Foo${PAIR.slice(0, 3)} ${PAIR}`, `x-basic${PAIR}`],
  ...[
    `Foo ${PAIR.slice(0, 5)}!!${PAIR.slice(5)}`,
    `Foo ${PAIR.slice(0, 4)} ${PAIR.slice(4)}`,
    `Foo ${PAIR.slice(0, 6)}=${PAIR.slice(6)}`,
  ],
  ...[`Foo ${PAIR.slice(0, 5)}-${PAIR.slice(5)}`, `Foo ${PAIR}!rest`, `Foo ${b64('bob:s3cret pass')}=rest`],
])('is found in %s', (value) => {
  expect(names(read('Authorization', value))).toContain('bob');
  expect(passwords(read('Authorization', value))).toContain('s3cret pass');
});

test.each([
  ...[
    'XAuthorization',
    'X-Authorization',
    'x_authorization',
    'Authentication',
    'Redirect-HTTP-Authorization',
    'X-Auth-Token',
  ],
])('is found in %s', (name) => {
  expect(passwords(read(name, `Basic ${PAIR}`))).toContain('s3cret pass');
  // Which of both an application takes is not known.
  const both = read('Authorization', `Basic ${b64('eve:own')}`, name, `Basic ${PAIR}`);
  expect(names(both)).toEqual(['eve', 'bob']);
});

test('is found in pieces that a server joins', () => {
  const found = read('X-Auth', `Basic ${PAIR.slice(0, 6)}`, 'X_Auth', PAIR.slice(6));
  expect(names(found)).toContain('bob');
  expect(passwords(found)).toContain('s3cret pass');
});

test('is read in each way to decode it', () => {
  expect(passwords(read('A-Auth', `T ${b64('bob:\xfe\xfe>?').replaceAll('+', '-').replaceAll('/', '_')}`))).toEqual([]);
  expect(passwords(read('X-Auth', `T ${b64('bob:long~~?>word').replaceAll('+', '-').replaceAll('/', '_')}`))).toContain(
    'long~~?>word',
  );
  expect(passwords(read('Authorization', `T ${b64('bob:caf\xc3\xa9')}`))).toContain('café');
  expect(passwords(read('Authorization', `T ${b64('bob:caf\xe9')}`))).toContain('café');
  expect(names(read('Authorization', `T ${b64('m\xfcller:passwd')}`))).toContain('müller');
  expect(passwords(read('Authorization', `T ${b64('bob:s3cret\n')}`))).toContain('s3cret');
  expect(passwords(read('Authorization', `T ${b64('\tbob:s3\x01cret')}`))).toContain('s3cret');
  expect(passwords(read('Authorization', `T ${b64('bob:s3cret\0\xff\x81 rest')}`))).toContain('s3cret');
  expect(passwords(read('Authorization', `Foo ${b64('bob:s:t')}`))).toEqual(['s:t', 's']);
  expect(names(read('Authorization', `Foo ${b64(':secret')}`))).toEqual(['']);
});

const JWT = `${b64('{"alg":"HS256","typ":"JWT"}')}.${b64('{"name":"Bob: the builder"}')}.c2ln`;

test.each([
  ...[`Bearer ${JWT}`, JWT, `JWT ${JWT}`, `Token ${JWT}`, `Bearer ${b64('{"alice":"x"}')}`],
  ...['Negotiate TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAKAGFKAAAADw==', `NTLM ${b64('NTLMSSP\0\x03\0ab:cdefgh')}`],
  ...[
    'Digest username="Mufasa", realm="Basic Realm", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html"',
  ],
  ...['ApiKey id:key', 'Bearer 0b79bab50daca910b000d4f1a2b675d604257e42', 'Bearer', ''],
  ...[
    'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024',
  ],
  ...['Hawk id="dh37fgj492je", ts="1353832234", nonce="j4h3g2", mac="6R4rV5iE+NPoym+WwjeHzjAGXUtLNIxmo1vpMofpLAE="'],
])('is not taken from %s', (value) => {
  expect(read('Authorization', value)).toEqual([]);
});

test('is not taken from names that are none of a credential', () => {
  expect(read('X-Note', `Basic ${PAIR}`, 'Cookie', `a=${PAIR}`)).toEqual([]);
});

/** Seeded, so that it is the same each time: one in 20,000 may be text by chance. */
test('is nearly never taken from random tokens', () => {
  const random = seededRandom(50);
  const tokens = Array.from({ length: 3_000 }, (_, i) => {
    const bytes = Buffer.from(Array.from({ length: 16 + (i % 33) }, () => Math.floor(random() * 256)));
    return [bytes.toString('base64url'), bytes.toString('hex'), bytes.toString('base64')][i % 3] ?? '';
  });
  expect(tokens.filter((token) => read('Authorization', `Bearer ${token}`).length > 0).length).toBeLessThan(3);
});

test('is found before a colon behind which is no text', () => {
  const junk = String.fromCharCode(...Array.from({ length: 60 }, (_, i) => 0x80 + ((i * 7) % 64)));
  expect(passwords(read('Authorization', `Foo ${b64(`bob:s3cret:${junk}`)}`))).toContain('s3cret');
});

const hides = (value: string): boolean => hidesCredential({ headers: ['Authorization', value] });

test.each([
  ...['{bob:s3cret', '{"bob:s3cret:":1}', '\x85bob:s3cret', 'NTLMSSP\0bob:s3cret'],
  ...[
    '{"kid":s3cret:',
    '{"alg":s3cret:\x80',
    'bob\0\x80\x91\x9f:s3cret',
    `${'{'.repeat(9_000)}bob:s3cret`,
    'bob:\x80\x81:s3cret',
  ],
])('an application that decodes any scheme may take %j for a name and a password', (text) => {
  expect(hides(`Basix ${b64(text)}`)).toBe(true);
  expect(hides(`Bearer${b64(text)}`)).toBe(true);
});

test.each([
  ...[`Bearer ${JWT}`, `Bearer ${b64('{"typ":"JWT"}')}`, `Basic ${PAIR}`, `Basix ${PAIR}`, '', 'Bearer'],
  ...[`Basix ${b64('no colon')}`, `Basic ${b64('{bob:s3cret')}`, `Basix ${b64('\xc2\x85bob:s3cret')}`],
])('nothing is hidden in %s: it is read, or is no login', (value) => {
  expect(hides(value)).toBe(false);
});
