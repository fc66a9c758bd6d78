// One-time passwords by time, by the vectors of the standards.

import { describe, expect, test } from 'vitest';
import { findStep, stepAt, toBase32, totpOf, totpUri } from '../../../gateway/factors/totp.ts';
import { fromBase32 } from '../../support/gateway/factors/book.ts';

const SECRET = Buffer.from('12345678901234567890');

describe('TOTP', () => {
  // RFC 6238, Appendix B, SHA-1.
  test.each([
    [59, '94287082'],
    [1_111_111_109, '07081804'],
    [1_111_111_111, '14050471'],
    [1_234_567_890, '89005924'],
    [2_000_000_000, '69279037'],
    [20_000_000_000, '65353130'],
  ])('at %i seconds', (seconds, code) => {
    const now = seconds * 1_000;
    expect(totpOf(SECRET, stepAt(now), 8)).toBe(code);
    expect(findStep(SECRET, code.slice(2), now, 0)).toBe(stepAt(now));
  });

  // RFC 4226, Appendix D.
  test('counts as HOTP does', () => {
    const codes = ['755224', '287082', '359152', '969429', '338314', '254676', '287922', '162583', '399871', '520489'];
    expect(codes.map((_, step) => totpOf(SECRET, step))).toEqual(codes);
  });

  test('takes one step before and after, and none twice', () => {
    const now = 1_234_567_890_000;
    const step = stepAt(now);
    for (const by of [-1, 0, 1]) expect(findStep(SECRET, totpOf(SECRET, step + by), now, 0)).toBe(step + by);
    for (const by of [-2, 2]) expect(findStep(SECRET, totpOf(SECRET, step + by), now, 0)).toBeUndefined();
    expect(findStep(SECRET, totpOf(SECRET, step), now, step)).toBeUndefined();
    expect(findStep(SECRET, totpOf(SECRET, step - 1), now, step)).toBeUndefined();
    expect(findStep(SECRET, totpOf(SECRET, step + 1), now, step)).toBe(step + 1);
  });

  test.each(['', '12345', '1234567', ' 123456', '12345٣', '1e5000', '-12345'])('reads %j as no code', (code) => {
    expect(findStep(SECRET, code, 0, -9)).toBeUndefined();
  });

  // RFC 4648, §10, without its padding.
  test.each([
    ['', ''],
    ['f', 'MY'],
    ['fo', 'MZXQ'],
    ['foo', 'MZXW6'],
    ['foob', 'MZXW6YQ'],
    ['fooba', 'MZXW6YTB'],
    ['foobar', 'MZXW6YTBOI'],
  ])('writes %j in Base32', (text, base32) => {
    expect(toBase32(Buffer.from(text))).toBe(base32);
    expect(fromBase32(base32).toString()).toBe(text);
  });

  test('names issuer and person to apps', () => {
    const uri = new URL(totpUri(SECRET, { issuer: 'auth.example', user: 'a&b@example.com' }));
    expect(uri.href).toContain('otpauth://totp/auth.example:a%26b%40example.com?');
    expect(uri.searchParams.get('secret')).toBe('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
  });
});
