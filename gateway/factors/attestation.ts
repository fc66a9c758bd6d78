// Whether a maker whom the operator trusts signed what an authenticator says of itself: the
// certificates of its attestation (WebAuthn Level 3 §7.1, step 24), up to a CA of the
// configuration. The library is asked for none of it: it takes any certificate for a CA, and asks
// the network about each, whatever comes back and however long it takes.

import { X509Certificate } from 'node:crypto';
import { chainOf, MAX_GIVEN } from '../devices/certificate/chain.ts';
import { isStrict } from '../devices/certificate/strictness.ts';

/**
 * @param x5c of an attestation statement, as it came: DER, the authenticator's own first
 * @param cas whom the operator trusts
 */
export function isOfMaker(x5c: unknown, cas: readonly X509Certificate[], now: number): boolean {
  if (!Array.isArray(x5c) || x5c.length > MAX_GIVEN + 1) return false;
  const [leaf, ...given] = x5c.map(readCertificate);
  if (!leaf || given.includes(undefined)) return false;
  const chain = chainOf(leaf, given as X509Certificate[], cas);
  if (!chain || !isStrict(chain.certificates, { isOfClient: false })) return false;
  return chain.certificates.every(
    ({ validFrom, validTo }) => Date.parse(validFrom) <= now && now <= Date.parse(validTo),
  );
}

function readCertificate(der: unknown): X509Certificate | undefined {
  if (!(der instanceof Uint8Array)) return undefined;
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}
