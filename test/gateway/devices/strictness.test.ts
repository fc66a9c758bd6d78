// Chains that no handshake has judged: what makes one worth nothing.

import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { isStrict } from '../../../gateway/devices/certificate/strictness.ts';
import { createCa } from '../../support/gateway/device-world.ts';
import { pairOf } from '../../support/tls-files.ts';

const SIGNED_BY = { sha256: '2a8648ce3d040302', sha1: '2a8648ce3d040100' };
/** The signature is another matter: chains are judged without it here. */
const replaced = (certificate: X509Certificate, from: string, to: string): X509Certificate =>
  new X509Certificate(Buffer.from(certificate.raw.toString('hex').replaceAll(from, to), 'hex'));

describe('a chain', () => {
  test('is worth something as this CA makes it, and not with a weak signature', async () => {
    const ca = await createCa('devices');
    const { certificate } = await ca.issue({ commonName: 'laptop' });
    expect(isStrict([certificate, ca.certificate])).toBe(true);
    expect(isStrict([replaced(certificate, SIGNED_BY.sha256, SIGNED_BY.sha1), ca.certificate])).toBe(false);
  });

  test.each([
    ['for servers alone', '06082b06010505070302', '06082b06010505070301'],
    ['of a key that may not sign', '03020780', '03020700'],
    ['with something critical that is not understood', '0603551d0f0101ff', '0603551d7f0101ff'],
    ['with name constraints', '0603551d0e', '0603551d1e'],
    ['with an extension twice', '0603551d0e', '0603551d23'],
  ])('is worth nothing with a certificate %s', async (_, from, to) => {
    const ca = await createCa('devices');
    const { certificate } = await ca.issue({ commonName: 'laptop' });
    expect(certificate.raw.toString('hex')).toContain(from);
    expect(isStrict([replaced(certificate, from, to), ca.certificate])).toBe(false);
  });

  test('is no longer than its CAs let', async () => {
    const ca = await createCa('devices');
    const below = await ca.below('users');
    const deeper = await below.below('deeper');
    const { certificate } = await deeper.issue({ commonName: 'laptop' });
    const chain = [certificate, deeper.certificate, below.certificate, ca.certificate];
    expect(isStrict(chain)).toBe(false);
    expect(isStrict([(await below.issue({ commonName: 'a' })).certificate, below.certificate, ca.certificate])).toBe(
      true,
    );
  });

  test('of the fixtures is read, whatever it is', () => {
    for (const name of ['client', 'stranger', 'first'] as const)
      expect(isStrict([new X509Certificate(pairOf(name).cert)])).toBeTypeOf('boolean');
  });
});
