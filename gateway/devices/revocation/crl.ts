// Lists of revoked certificates, as CAs sign them: RFC 5280 §5.

import { verify, type X509Certificate } from 'node:crypto';
import { keyHashOf, serialOf } from '../certificate/client-certificate.ts';
import { DerError, DerReader, TAG, type Value } from '../certificate/der.ts';
import { SIGNATURES } from '../certificate/strictness.ts';

export interface Crl {
  /** The key hash of the CA that signed it. */
  readonly issuer: string;
  /** In hex, as `serialOf` has them. */
  readonly serials: ReadonlySet<string>;
  /** When it was signed, and until when it says something: milliseconds since 1970. */
  readonly thisUpdate: number;
  readonly nextUpdate: number;
}

const PEM = /^\s*-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]+)-----END X509 CRL-----\s*$/;
const VERSION_2 = 1;

/**
 * @param content PEM or DER
 * @param cas one of which has to have signed it
 * @throws Error whose message says what is wrong with the file
 */
export function readCrl(content: Buffer, cas: readonly X509Certificate[]): Crl {
  const [, base64] = PEM.exec(content.toString('latin1')) ?? [];
  const file = new DerReader(base64 === undefined ? content : Buffer.from(base64, 'base64'));
  const list = inside(file.take(TAG.sequence));
  const [signed, algorithm, signature] = [list.take(TAG.sequence), list.take(TAG.sequence), list.take(TAG.bits)];
  if (!file.isAtEnd || !list.isAtEnd) throw new DerError('has something behind the list');
  const ca = cas.find((each) => each.ca && isSignedBy(each, { signed, algorithm, signature }));
  if (!ca) throw new DerError('is signed by no CA of the client certificates');
  return { issuer: keyHashOf(ca.publicKey), ...readSigned(inside(signed), algorithm) };
}

function readSigned(fields: DerReader, algorithm: Value): Omit<Crl, 'issuer'> {
  if (fields.take(TAG.integer).content[0] !== VERSION_2) throw new DerError('is of another version');
  if (!fields.take(TAG.sequence).whole.equals(algorithm.whole)) throw new DerError('names two signatures');
  fields.take(TAG.sequence);
  const [thisUpdate, nextUpdate] = [takeTime(fields), takeTime(fields)];
  if (thisUpdate === undefined || nextUpdate === undefined) throw new DerError('does not say until when it holds');
  const entries = fields.takeIf(TAG.sequence);
  const serials = new Set<string>();
  for (const entry = entries && inside(entries); entry && !entry.isAtEnd; ) {
    const revoked = inside(entry.take(TAG.sequence));
    serials.add(serialOf(revoked.take(TAG.integer).content.toString('hex')));
    if (takeTime(revoked) === undefined) throw new DerError('has an entry without a date');
    const extensions = revoked.takeIf(TAG.sequence);
    // Of other issuers: RFC 5280 §5.3.3.
    if (extensions) assertNoneCritical(inside(extensions));
  }
  const extensions = fields.takeIf(TAG.context0);
  if (extensions) assertNoneCritical(inside(inside(extensions).take(TAG.sequence)));
  if (!fields.isAtEnd) throw new DerError('has something behind its extensions');
  return { serials, thisUpdate, nextUpdate };
}

const inside = ({ content }: Value): DerReader => new DerReader(content);

/** Of a delta, of some certificates alone, or of other issuers: RFC 5280 §5.2.4, §5.2.5. */
function assertNoneCritical(extensions: DerReader): void {
  while (!extensions.isAtEnd) {
    const extension = inside(extensions.take(TAG.sequence));
    extension.take(TAG.oid);
    if (extension.takeIf(TAG.boolean)?.content[0])
      throw new DerError('has critical extensions: it is a part of a list');
  }
}

/** RFC 5280 §5.1.2.4: in UTC, with seconds. */
function takeTime(fields: DerReader): number | undefined {
  const value = fields.takeIf(TAG.utcTime) ?? fields.takeIf(TAG.generalizedTime);
  if (!value) return undefined;
  const text = value.content.toString('latin1');
  const [, year = '', ...rest] = /^(\d{2}|\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  const [month = '', day = '', hour = '', minute = '', second = ''] = rest;
  const century = year.length === 4 ? '' : Number(year) < 50 ? '20' : '19';
  const at = Date.parse(`${century}${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (year.length !== (value.tag === TAG.utcTime ? 2 : 4) || Number.isNaN(at))
    throw new DerError('has a date that is none');
  return at;
}

interface Signed {
  readonly signed: Value;
  readonly algorithm: Value;
  readonly signature: Value;
}

function isSignedBy({ publicKey }: X509Certificate, { signed, algorithm, signature }: Signed): boolean {
  const hash = SIGNATURES[inside(algorithm).take(TAG.oid).content.toString('hex')];
  // The first byte says how many bits of the last one are none.
  if (hash === undefined || signature.content[0] !== 0) return false;
  try {
    return verify(hash, signed.whole, publicKey, signature.content.subarray(1));
  } catch {
    // A key of another kind.
    return false;
  }
}
