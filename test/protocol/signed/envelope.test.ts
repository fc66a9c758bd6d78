// Envelopes authenticate the bytes that are sent, and every reader sees the same document in them.

import { sign as nodeSign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { SealKey } from '../../../protocol/brands.ts';
import { createEd25519Verifier } from '../../../protocol/signed/ed25519.ts';
import {
  createMac,
  decodeEnvelope,
  HEAD_KIND,
  openEnvelope,
  preAuthEncoding,
  STATEMENT_KIND,
  sealEnvelope,
} from '../../../protocol/signed/envelope.ts';
import { createSigner, ed25519FromSeed, errorCode, utf8 } from '../../support/signed/samples.ts';

const mac = createMac(new Uint8Array(32).fill(7) as SealKey);
const payload = utf8('{"protocol":2}');
const sealed = sealEnvelope(HEAD_KIND, payload, mac);
const open = (text: string): Uint8Array => openEnvelope(HEAD_KIND, utf8(text), [mac]);
const codeOf = (text: string | Uint8Array): string =>
  errorCode(() => openEnvelope(HEAD_KIND, typeof text === 'string' ? utf8(text) : text, [mac]));

test('the pre-authentication encoding is that of the DSSE specification', () => {
  // protocol.md of DSSE 1.0.0, its example.
  const kind = { ...HEAD_KIND, payloadType: 'http://example.com/HelloWorld' };
  const encoded = Buffer.from(preAuthEncoding(kind, utf8('hello world'))).toString();
  expect(encoded).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
});

describe('an envelope under a MAC', () => {
  test('opens to the very bytes of its payload', () => {
    expect(open(sealed)).toEqual(payload);
  });

  test('does not open with another key, as another kind, or with another key id', () => {
    const other = createMac(new Uint8Array(32).fill(8) as SealKey);
    expect(errorCode(() => openEnvelope(HEAD_KIND, utf8(sealed), [other]))).toBe('HEAD_FORGED');
    expect(errorCode(() => openEnvelope(HEAD_KIND, utf8(sealed), []))).toBe('HEAD_FORGED');
    expect(errorCode(() => openEnvelope(STATEMENT_KIND, utf8(sealed), [mac]))).toBe('STATEMENT_MALFORMED');
    expect(codeOf(sealed.replace('"mac"', '"0123456789abcdef"'))).toBe('HEAD_FORGED');
    const retyped = sealed.replace(HEAD_KIND.payloadType, STATEMENT_KIND.payloadType);
    expect(errorCode(() => openEnvelope(STATEMENT_KIND, utf8(retyped), [mac]))).toBe('STATEMENT_FORGED');
  });

  test('is refused if any byte of it differs', () => {
    const bytes = utf8(sealed);
    for (let at = 0; at < bytes.length; at++) {
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at] as number) ^ 1;
      expect(codeOf(changed), `byte ${at}`).toMatch(/^HEAD_(FORGED|MALFORMED)$/);
    }
  });
});

describe('an envelope is malformed', () => {
  const json = JSON.parse(sealed) as { payload: string; payloadType: string; signatures: { sig: string }[] };
  const [signature] = json.signatures;
  test.each([
    ['with two members of one name', sealed.replace('{"payloadType"', `{"payload":"e30=","payloadType"`)],
    ['with a name that an escape repeats', sealed.replace('{"payloadType"', `{"p\\u0061yload":"e30=","payloadType"`)],
    ['with a byte order mark', `\ufeff${sealed}`],
    ['with two signatures', JSON.stringify({ ...json, signatures: [signature, signature] })],
    ['without a signature', JSON.stringify({ ...json, signatures: [] })],
    ['with a payload in base64url', JSON.stringify({ ...json, payload: json.payload.replaceAll('=', '') })],
    ['with unused bits in its base64', JSON.stringify({ ...json, payload: 'e31=' })],
    ['with white space in its base64', JSON.stringify({ ...json, payload: `${json.payload} ` })],
    ['with an unknown kind of key id', sealed.replace('"mac"', '"MAC"')],
    ['that is longer than allowed', `${sealed}${' '.repeat(5000)}`],
    ['with an unpaired surrogate', sealed.replace('{"payloadType"', '{"note":"\\ud800","payloadType"')],
    ['that is an array', `[${sealed}]`],
    ['that is empty', ''],
  ])('%s', (_what, text) => {
    expect(codeOf(text)).toBe('HEAD_MALFORMED');
  });

  test('in bytes that are not UTF-8', () => {
    const bytes = utf8(sealed.replace('{"payloadType"', '{"note":"a","payloadType"'));
    bytes[bytes.indexOf(0x61, 8)] = 0xff;
    expect(codeOf(bytes)).toBe('HEAD_MALFORMED');
  });

  test('but unknown members and white space are not part of what is authenticated', () => {
    const spaced = JSON.stringify({ note: { deep: [1, { a: 1 }, { a: 2 }] }, ...json }, null, 2);
    expect(open(spaced)).toEqual(payload);
  });
});

describe('an Ed25519 signature', () => {
  const signer = createSigner('publisher', 1);
  const verifier = createEd25519Verifier('publisher', signer.publicKey);
  const signed = sealEnvelope(STATEMENT_KIND, payload, signer);

  test('made by OpenSSL verifies with noble', () => {
    expect(openEnvelope(STATEMENT_KIND, utf8(signed), [verifier])).toEqual(payload);
  });

  test('of another key or use is refused', () => {
    const other = createSigner('publisher', 2);
    for (const wrong of [
      createEd25519Verifier('publisher', other.publicKey),
      { ...createEd25519Verifier('publisher', other.publicKey), keyid: signer.keyid },
      createEd25519Verifier('head', signer.publicKey),
      mac,
    ])
      expect(errorCode(() => openEnvelope(STATEMENT_KIND, utf8(signed), [wrong]))).toBe('STATEMENT_FORGED');
  });

  test('with S of the group order or more is refused', () => {
    const { signature } = decodeEnvelope(STATEMENT_KIND, utf8(signed));
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    let s = order;
    for (let i = 31; i >= 0; i--) s += BigInt(signature[32 + i] as number) << BigInt(8 * i);
    const malleable = Uint8Array.from(signature);
    for (let i = 0; i < 32; i++) malleable[32 + i] = Number((s >> BigInt(8 * i)) & 255n);
    const message = preAuthEncoding(STATEMENT_KIND, payload);
    expect(verifier.verify(message, signature)).toBe(true);
    expect(verifier.verify(message, malleable)).toBe(false);
    expect(verifier.verify(message, signature.subarray(0, 63))).toBe(false);
  });

  test('of a public key of small order, for which every message verifies, is refused', () => {
    const identity = new Uint8Array(32).fill(0, 1).fill(1, 0, 1);
    const zeroSignature = new Uint8Array(64).fill(1, 0, 1);
    const small = createEd25519Verifier('publisher', identity);
    expect(small.verify(utf8('anything'), zeroSignature)).toBe(false);
    expect(createEd25519Verifier('publisher', new Uint8Array(32).fill(255)).verify(payload, zeroSignature)).toBe(false);
  });

  test('equals that of RFC 8032 §7.1, test 3', () => {
    const key = ed25519FromSeed('c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7');
    const signature = nodeSign(null, Buffer.from('af82', 'hex'), key.privateKey);
    expect(signature.toString('hex')).toBe(
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac' +
        '18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    );
    expect(createEd25519Verifier('publisher', key.publicKey).verify(Buffer.from('af82', 'hex'), signature)).toBe(true);
  });
});
