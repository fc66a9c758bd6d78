// The lines that clients pin and the keys of publishers as text.

import { describe, expect, test } from 'vitest';
import type { DatasetId, HeadKey, HmacKey, PublisherKey, SigningSeed } from '../../../protocol/brands.ts';
import {
  formatHeadKey,
  formatHmacPin,
  formatSigningSeed,
  formatTrust,
  parseHeadKeyText,
  parseHmacPinText,
  parseSigningSeed,
  parseTrustText,
  signingKeyId,
} from '../../../protocol/signed/trust.ts';
import { createSigner, errorCode } from '../../support/signed/samples.ts';

const dataset = '0123456789abcdef' as DatasetId;
const bytes = Uint8Array.from({ length: 32 }, (_, i) => i);
const { publicKey } = createSigner('publisher', 1);
const seed = bytes as SigningSeed;

const LINES: [string, string, (text: string) => unknown, unknown][] = [
  [
    'trust',
    formatTrust({ dataset, publisher: publicKey as PublisherKey }),
    parseTrustText,
    { dataset, publisher: publicKey },
  ],
  ['hmac', formatHmacPin({ dataset, key: bytes as HmacKey }), parseHmacPinText, { dataset, key: bytes }],
  [
    'publisher',
    formatSigningSeed('publisher', signingKeyId('publisher', publicKey), seed),
    parseSigningSeed,
    { use: 'publisher', keyId: signingKeyId('publisher', publicKey), seed },
  ],
  ['head', formatHeadKey(publicKey as HeadKey), parseHeadKeyText, publicKey],
];

describe.each(LINES)('a line of %s', (_name, line, parse, value) => {
  test('is parsed to what it was formatted from, with white space around it', () => {
    expect(parse(` ${line}\n`)).toEqual(value);
  });

  test('is refused in any other spelling, by an error that does not quote it', () => {
    const last = line.at(-1) as string;
    const others = [
      line.slice(0, -1),
      `${line}A`,
      line.toUpperCase(),
      line.replace('-2.', '-1.'),
      `${line.slice(0, -1)}${last === 'B' ? 'C' : 'B'}`,
      `${line.slice(0, -1)}=`,
      line.replace('.', ' '),
      '',
    ];
    for (const other of others)
      expect(
        errorCode(() => parse(other)),
        other,
      ).toBe('KEY_MALFORMED');
    const secret = line.slice(line.lastIndexOf('.') + 1);
    try {
      parse(`${line}A`);
    } catch (error) {
      expect(String(error)).not.toContain(secret.slice(0, 8));
    }
  });

  test('is not parsed as any other kind of line', () => {
    for (const [, other] of LINES) if (other !== line) expect(errorCode(() => parse(other))).toBe('KEY_MALFORMED');
  });
});

test('key ids of the two uses of one key differ', () => {
  expect(signingKeyId('publisher', publicKey)).not.toBe(signingKeyId('head', publicKey));
});

test('an hmac key of equal bytes is refused', () => {
  expect(errorCode(() => parseHmacPinText(`credveil-hmac-2.${dataset}.${'A'.repeat(43)}`))).toBe('KEY_MALFORMED');
});
