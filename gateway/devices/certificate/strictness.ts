// What OpenSSL judges of a chain in a handshake, for certificates that no handshake brought: RFC
// 5280 §6.1, strictly. What is not understood makes a chain worth nothing.

import type { X509Certificate } from 'node:crypto';
import { DerError, DerReader, TAG, type Value } from './der.ts';

/** By the OID in hex: RSA (RFC 8017 A.2.4), ECDSA (RFC 5758 §3.2), Ed25519 (RFC 8410 §3). */
export const SIGNATURES: { readonly [oid: string]: string | null } = {
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
  '2b6570': null,
};

const MIN_RSA_BITS = 2_048;
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const ANY_PURPOSE = '2.5.29.37.0';
const OID = {
  keyUsage: '551d0f',
  alternativeName: '551d11',
  constraints: '551d13',
  nameConstraints: '551d1e',
  policies: '551d20',
  extendedKeyUsage: '551d25',
} as const;
const UNDERSTOOD: ReadonlySet<string> = new Set([
  ...[OID.keyUsage, OID.alternativeName, OID.constraints, OID.policies, OID.extendedKeyUsage],
]);
/** RFC 5280 §4.2.1.3: the first bit. */
const DIGITAL_SIGNATURE = 0x80;

/**
 * @param chain from a certificate to its CA
 * @param options `isOfClient` for one that a client shows: certificates that say what they are for
 * say so. Default: true
 */
export function isStrict(chain: readonly X509Certificate[], { isOfClient = true } = {}): boolean {
  try {
    return chain.every(
      (certificate, i) =>
        isUsable(certificate, i, i === chain.length - 1) && (!isOfClient || isForClients(certificate)),
    );
  } catch (error) {
    if (error instanceof DerError) return false;
    throw error;
  }
}

function isUsable(certificate: X509Certificate, depth: number, isCa: boolean): boolean {
  const { signature, extensions } = read(certificate);
  // Nobody asks who signed the CA itself.
  if (!isCa && !(signature in SIGNATURES)) return false;
  const { modulusLength = MIN_RSA_BITS } = certificate.publicKey.asymmetricKeyDetails ?? {};
  if (modulusLength < MIN_RSA_BITS) return false;
  for (const [oid, { isCritical }] of extensions)
    if (oid === OID.nameConstraints || (isCritical && !UNDERSTOOD.has(oid))) return false;
  if (depth === 0) return maySign(extensions.get(OID.keyUsage));
  return pathLengthOf(extensions.get(OID.constraints)) >= depth - 1;
}

function isForClients(certificate: X509Certificate): boolean {
  // node calls the extended one so.
  const purposes: readonly string[] | undefined = certificate.keyUsage;
  return !purposes || purposes.includes(CLIENT_AUTH) || purposes.includes(ANY_PURPOSE);
}

interface Extension {
  readonly isCritical: boolean;
  readonly value: Buffer;
}

/** RFC 5280 §4.1. Of two extensions with one OID it is not clear which counts. */
function read(certificate: X509Certificate): {
  readonly signature: string;
  readonly extensions: ReadonlyMap<string, Extension>;
} {
  const signed = inside(inside(new DerReader(certificate.raw).take(TAG.sequence)).take(TAG.sequence));
  signed.takeIf(TAG.context0);
  signed.take(TAG.integer);
  const signature = inside(signed.take(TAG.sequence)).take(TAG.oid).content.toString('hex');
  // Issuer, dates, subject and key.
  for (let i = 0; i < 4; i++) signed.take(TAG.sequence);
  signed.takeIf(TAG.context1);
  signed.takeIf(TAG.context2);
  const extensions = new Map<string, Extension>();
  const field = signed.takeIf(TAG.context3);
  for (const all = field && inside(inside(field).take(TAG.sequence)); all && !all.isAtEnd; ) {
    const extension = inside(all.take(TAG.sequence));
    const oid = extension.take(TAG.oid).content.toString('hex');
    if (extensions.has(oid)) throw new DerError('has an extension twice');
    const isCritical = extension.takeIf(TAG.boolean)?.content[0] === 0xff;
    extensions.set(oid, { isCritical, value: extension.take(TAG.octets).content });
  }
  return { signature, extensions };
}

const inside = ({ content }: Value): DerReader => new DerReader(content);

function maySign(usage: Extension | undefined): boolean {
  if (!usage) return true;
  const bits = new DerReader(usage.value).take(TAG.bits).content;
  return ((bits[1] ?? 0) & DIGITAL_SIGNATURE) !== 0;
}

/** How many CAs may stand below. */
function pathLengthOf(constraints: Extension | undefined): number {
  if (!constraints) return -1;
  const fields = inside(new DerReader(constraints.value).take(TAG.sequence));
  fields.takeIf(TAG.boolean);
  const length = fields.takeIf(TAG.integer);
  if (!length) return Number.POSITIVE_INFINITY;
  return length.content.length === 1 ? (length.content[0] as number) : -1;
}
