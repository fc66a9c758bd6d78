// Misuse by the calling program throws a LookupError at the call, and no error contains a secret.

import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createLeakChecker, type HmacOptions, type LeakCheckerOptions, LookupError } from '../../client-sdk/index.ts';
import type { DatasetId } from '../../protocol/brands.ts';
import { formatHmacKey, HMAC_KEY_BYTES, parseHmacKey } from '../../protocol/keys.ts';
import { formatHmacPin } from '../../protocol/signed/trust.ts';

// No test here sends a request.
const URL_OF_NOBODY = 'http://credveil.invalid';
const LEAKED = { username: 'ada@example.test', password: 'Correct Horse 7' };
const KEY = parseHmacKey(Uint8Array.from({ length: HMAC_KEY_BYTES }, (_, i) => i));
const right = (): HmacOptions => ({
  url: URL_OF_NOBODY,
  key: formatHmacPin({ dataset: '0123456789abcdef' as DatasetId, key: KEY }),
});

describe('a checker', () => {
  const expectCode = (code: string) =>
    expect.toSatisfy((error: unknown) => error instanceof LookupError && error.code === code && error.hint.length > 0);
  const key = 'credveil-hmac-1.0123456789abcdef.c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlYw';

  test.each([
    { url: 'not a url' },
    { url: '/relative' },
    { url: 'ftp://example.test' },
    { url: 'https://user:pa55@example.test' },
    { url: 'https://example.test/?q=1' },
    { url: undefined },
    { timeoutMs: 0 },
    { timeoutMs: 2 ** 31 },
    { timeoutMs: '300' },
    { maxBodyBytes: 1.5 },
    { headMaxAgeMs: -1 },
    { maxSnapshotAgeMs: 0 },
    { maxSnapshotAgeMs: '1d' },
    { maxPrefixBits: 12 },
    { maxPrefixBits: { account: -1 } },
    { maxPrefixBits: { sha1: 20 } },
    { minUsernames: -1 },
    { memory: {} },
    { memory: { load: () => undefined } },
    { trust: 'credveil-trust-2.fedcba9876543210.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' },
    { onSnapshot: 'log' },
    { fetch: 'fetch' },
    { bucketCacheBytes: -1 },
    { bucketCacheBytes: '4 MiB' },
    { circuitBreaker: true },
    { circuitBreaker: null },
    { circuitBreaker: { failures: 0 } },
    { circuitBreaker: { coolDownMs: 0.5 } },
    { policy: { pair: 'block' } },
    { onVerdict: 'log' },
    { onRequest: {} },
    { onCircuit: null },
    { headers: { 'bad name': 'x' } },
    { headers: { name: 'two\r\nlines' } },
    { headers: 'a: b' },
  ])('is not created with a malformed option: %j', (wrong) => {
    const options = { ...right(), ...wrong } as LeakCheckerOptions;
    expect(() => createLeakChecker(options)).toThrow(expectCode('OPTION_MALFORMED'));
    expect(() => createLeakChecker(options)).not.toThrow(/pa55/);
  });

  test('refuses a key without its dataset, and names the command that prints the line', () => {
    const options = { url: URL_OF_NOBODY, key: formatHmacKey(KEY) };
    expect(() => createLeakChecker(options)).toThrow(
      expect.objectContaining({ code: 'KEY_MALFORMED', hint: expect.stringContaining('credveil key pin') }),
    );
  });

  test('is not created without options', () => {
    expect(() => createLeakChecker(undefined as unknown as LeakCheckerOptions)).toThrow(expectCode('OPTION_MALFORMED'));
  });

  test.each([key, '', 'credveil-hmac-1', undefined, 7])('rejects a malformed key without quoting it: %j', (wrong) => {
    const options = { url: URL_OF_NOBODY, key: wrong as string };
    try {
      createLeakChecker(options);
      expect.unreachable();
    } catch (error) {
      expect(error).toEqual(expectCode('KEY_MALFORMED'));
      expect(inspect(error, { depth: null })).not.toContain('c2VjcmV0');
    }
  });

  test.each([undefined, null, 'text', {}, { username: null }, { password: 7 }, { username: ['a'], password: 'b' }])(
    'rejects a malformed credential: %j',
    async (wrong) => {
      const checker = createLeakChecker(right());
      await expect(checker.check(wrong as { username: string })).rejects.toEqual(expectCode('ARGUMENT_MALFORMED'));
    },
  );

  test.each<[string, object]>([
    ['a member that is undefined', { username: 'ada', password: undefined }],
    ['a list with a hole', { usernames: Array(1), password: 'b' }],
    [
      'an instance of a class, whose getters are inherited',
      new (class {
        readonly password = 'b';
        get username(): string {
          return 'ada';
        }
      })(),
    ],
  ])('never leaves out a question because of %s', async (_, wrong) => {
    const checker = createLeakChecker(right());
    await expect(checker.check(wrong as { username: string })).rejects.toEqual(expectCode('ARGUMENT_MALFORMED'));
  });

  test.each([new Headers({ 'x-a': 'b' }), new Map([['x-a', 'b']])])(
    'refuses headers whose members it cannot see',
    (headers) => {
      const options = { ...right(), headers } as unknown as LeakCheckerOptions;
      expect(() => createLeakChecker(options)).toThrow(expectCode('OPTION_MALFORMED'));
    },
  );

  test('rejects a signal that is not an AbortSignal', async () => {
    const checker = createLeakChecker(right());
    const signal = { aborted: false } as AbortSignal;
    await expect(checker.check(LEAKED, { signal })).rejects.toEqual(expectCode('ARGUMENT_MALFORMED'));
    await expect(checker.ready({ signal })).rejects.toEqual(expectCode('ARGUMENT_MALFORMED'));
  });

  test('does not reveal the key when printed', () => {
    const checker = createLeakChecker(right());
    const secret = right().key.split('.')[2] as string;
    for (const text of [inspect(checker, { depth: null, showHidden: true }), JSON.stringify(checker), String(checker)])
      expect(text).not.toContain(secret);
  });
});
