// A client certificate that was verified, as policies see it.

import { createHash, type KeyObject, type X509Certificate } from 'node:crypto';
import { type Chain, chainOf } from './chain.ts';
import { isStrict } from './strictness.ts';

export interface ClientCertificate {
  /** Who issued it: the SHA-256 of their public key (SubjectPublicKeyInfo), in hex. */
  readonly issuer: string;
  /** In hex, without zeros before it. It means something together with `issuer` alone. */
  readonly serial: string;
  /** SHA-256 of the certificate, in hex. */
  readonly fingerprint: string;
  /** The values of serialNumber in its subject: what the issuer calls the device. */
  readonly devices: readonly string[];
  readonly commonNames: readonly string[];
  /** Of the subject's alternative names, in lower case. */
  readonly emails: readonly string[];
  readonly dnsNames: readonly string[];
  /** Its CAs are one alone, which issued it: nobody else says what a device is called. */
  readonly isOfOnlyCa: boolean;
}

/** One that a client has shown, which a chain of valid signatures leads to a CA. */
export interface ShownCertificate {
  readonly certificate: ClientCertificate;
  /** When all of its chain is valid: milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/**
 * @param given certificates that were sent with it
 * @param cas of whom it has to be
 * @param options `isStrict` for one that OpenSSL has not judged
 * @returns undefined for one that leads to none of them, whatever its dates
 */
export function readShown(
  leaf: X509Certificate,
  given: readonly X509Certificate[],
  cas: readonly X509Certificate[],
  options: { readonly isStrict?: boolean } = {},
): ShownCertificate | undefined {
  const chain = chainOf(leaf, given, cas);
  if (!chain || (options.isStrict && !isStrict(chain.certificates))) return undefined;
  return { certificate: certificateOf(leaf, chain, cas), ...periodOf(chain.certificates) };
}

/** How certificates name a CA, whatever it calls itself. */
export const keyHashOf = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');

/** As `ISSUER:SERIAL`, which no other certificate has. */
export const idOf = ({ issuer, serial }: Pick<ClientCertificate, 'issuer' | 'serial'>): string => `${issuer}:${serial}`;

export const serialOf = (hex: string): string => hex.toLowerCase().replace(/^0+(?=.)/, '');

function certificateOf(leaf: X509Certificate, { issuer }: Chain, cas: readonly X509Certificate[]): ClientCertificate {
  const names = leaf.subjectAltName === undefined ? [] : alternativeNames(leaf.subjectAltName);
  const ofKind = (kind: string): string[] =>
    names.filter(([each]) => each === kind).map(([, value]) => value.toLowerCase());
  const keys = new Set(cas.map(({ publicKey }) => keyHashOf(publicKey)));
  const hash = keyHashOf(issuer.publicKey);
  return {
    issuer: hash,
    serial: serialOf(leaf.serialNumber),
    fingerprint: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
    devices: ofSubject(leaf, 'serialNumber'),
    commonNames: ofSubject(leaf, 'CN'),
    emails: ofKind('email'),
    dnsNames: ofKind('DNS'),
    isOfOnlyCa: keys.size === 1 && keys.has(hash),
  };
}

const periodOf = (certificates: readonly X509Certificate[]): Pick<ShownCertificate, 'notBefore' | 'notAfter'> => ({
  notBefore: Math.max(...certificates.map(({ validFrom }) => Date.parse(validFrom))),
  notAfter: Math.min(...certificates.map(({ validTo }) => Date.parse(validTo))),
});

/** By its attributes: node's text of the whole name would have to be taken apart. */
function ofSubject(certificate: X509Certificate, attribute: string): string[] {
  const subject = certificate.toLegacyObject().subject as { readonly [name: string]: unknown } | undefined;
  const value = subject && Object.hasOwn(subject, attribute) ? subject[attribute] : [];
  return [value].flat().filter((each) => typeof each === 'string' && each !== '') as string[];
}

/** node writes a value with quotes, commas or the like as a JSON text (CVE-2021-44532). */
const NAME = /([^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/y;

/** @returns none at all if any of it reads otherwise */
function alternativeNames(text: string): [kind: string, value: string][] {
  const names: [string, string][] = [];
  NAME.lastIndex = 0;
  while (NAME.lastIndex < text.length) {
    const [, kind = '', value = ''] = NAME.exec(text) ?? [];
    if (kind === '') return [];
    names.push([kind, value.startsWith('"') ? unquoted(value) : value]);
  }
  return names;
}

function unquoted(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    return '';
  }
}
