// A device's request for a certificate (PKCS #10, RFC 2986): its public key, and that whoever wrote
// it has the private one. What else it asks for is the CA's to say, and left where it is.

import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { DerError, DerReader, TAG, type Value } from '../certificate/der.ts';
import { SIGNATURES } from '../certificate/strictness.ts';
import { AuthorityError } from './authority-error.ts';

/** More than one with the largest key has. */
export const MAX_REQUEST_BYTES = 16_384;

const PEM = /^\s*-----BEGIN ((?:NEW )?CERTIFICATE REQUEST)-----([A-Za-z0-9+/=\s]+)-----END \1-----\s*$/;
const VERSION_1 = 0;
const RSA = { min: 2_048, max: 4_096 } as const;
const MIN_EXPONENT = 65_537n;
const CURVES: ReadonlySet<string | undefined> = new Set(['prime256v1', 'secp384r1']);
/** How the OIDs of signatures begin, by the kind of key: RFC 8017 A.2.4, RFC 5758 §3.2. */
const FAMILIES: { readonly [kind: string]: string } = { rsa: '2a864886f70d0101', ec: '2a8648ce3d04' };

/** @param content PEM or DER @throws AuthorityError `REQUEST_UNUSABLE` */
export function readRequest(content: Buffer): KeyObject {
  try {
    return keyIn(content);
  } catch (cause) {
    const fault = cause instanceof DerError ? cause.message : 'cannot be read';
    throw new AuthorityError(
      'REQUEST_UNUSABLE',
      `the request ${fault}`,
      'Make one with a key of P-256, P-384 or RSA (2048 to 4096 bits): openssl req -new -subj /CN=device.',
      { cause },
    );
  }
}

function keyIn(content: Buffer): KeyObject {
  if (content.length > MAX_REQUEST_BYTES) throw new DerError('is larger than 16 KiB');
  const [, , base64] = PEM.exec(content.toString('latin1')) ?? [];
  const file = new DerReader(base64 === undefined ? content : Buffer.from(base64, 'base64'));
  const request = inside(file.take(TAG.sequence));
  const [signed, algorithm, signature] = [
    request.take(TAG.sequence),
    request.take(TAG.sequence),
    request.take(TAG.bits),
  ];
  if (!file.isAtEnd || !request.isAtEnd) throw new DerError('has something behind it');
  const fields = inside(signed);
  const version = fields.take(TAG.integer).content;
  if (version.length !== 1 || version[0] !== VERSION_1) throw new DerError('is of another version');
  fields.take(TAG.sequence);
  const key = readKey(fields.take(TAG.sequence).whole);
  fields.takeIf(TAG.context0);
  if (!fields.isAtEnd) throw new DerError('has something behind its attributes');
  if (!isSigned(key, { signed, algorithm, signature })) throw new DerError('is not signed with its own key');
  return key;
}

/** @param spki SubjectPublicKeyInfo */
function readKey(spki: Buffer): KeyObject {
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  const { modulusLength = 0, publicExponent = 0n, namedCurve } = key.asymmetricKeyDetails ?? {};
  const isRsa = key.asymmetricKeyType === 'rsa' && modulusLength >= RSA.min && modulusLength <= RSA.max;
  const isEc = key.asymmetricKeyType === 'ec' && CURVES.has(namedCurve);
  if (!isEc && !(isRsa && publicExponent >= MIN_EXPONENT && publicExponent % 2n === 1n))
    throw new DerError('has a key of another kind');
  const algorithm = inside(inside(new DerReader(spki).take(TAG.sequence)).take(TAG.sequence));
  algorithm.take(TAG.oid);
  // RFC 5480 §2.1.1: a curve is named, and not described.
  if (isEc) algorithm.take(TAG.oid);
  if (!key.export({ type: 'spki', format: 'der' }).equals(spki)) throw new DerError('has a key of another form');
  return key;
}

const inside = ({ content }: Value): DerReader => new DerReader(content);

interface Signed {
  readonly signed: Value;
  readonly algorithm: Value;
  readonly signature: Value;
}

function isSigned(key: KeyObject, { signed, algorithm, signature }: Signed): boolean {
  const oid = inside(algorithm).take(TAG.oid).content.toString('hex');
  const hash = Object.hasOwn(SIGNATURES, oid) ? SIGNATURES[oid] : undefined;
  const isOfKey = oid.startsWith(FAMILIES[key.asymmetricKeyType ?? ''] ?? '-');
  // The first byte says how many bits of the last one are none.
  if (!hash || !isOfKey || signature.content[0] !== 0) return false;
  return verify(hash, signed.whole, key, signature.content.subarray(1));
}
