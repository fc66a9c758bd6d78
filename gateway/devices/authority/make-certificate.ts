// X.509 certificates as this CA issues them: RFC 5280. Keys and signatures are the platform's.

import { createHash, type KeyObject, randomBytes, X509Certificate } from 'node:crypto';
import { Set as Asn1Set, BitString, Integer, OctetString, Sequence, Utf8String } from 'asn1js';
import {
  AttributeTypeAndValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  Extension,
  ExtKeyUsage,
  PublicKeyInfo,
  RelativeDistinguishedNames,
} from 'pkijs';

/** RFC 5280 §4.1.2.2: positive, and with more than the 64 bits of chance that browsers ask for. */
const SERIAL_BYTES = 16;

const ATTRIBUTES = { commonName: '2.5.4.3', serialNumber: '2.5.4.5' } as const;
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const EXTENSIONS = {
  subjectKey: '2.5.29.14',
  keyUsage: '2.5.29.15',
  constraints: '2.5.29.19',
  authorityKey: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const;
/** RFC 5280 §4.2.1.3, from the first bit on: digitalSignature; keyCertSign and cRLSign. */
const SIGNS = 0b1000_0000;
const SIGNS_CERTIFICATES = 0b0000_0110;

export interface Subject {
  readonly commonName: string;
  /** Of a device: what lists call it. */
  readonly serialNumber?: string;
}

export interface CertificateOptions {
  readonly subject: Subject;
  readonly publicKey: KeyObject;
  /** Undefined for one that signs itself. */
  readonly issuer: { readonly certificate: X509Certificate; readonly key: KeyObject } | { readonly key: KeyObject };
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly isCa: boolean;
  /** How many CAs may stand below this one. Default: none. */
  readonly pathLength?: number;
}

export async function makeCertificate(options: CertificateOptions): Promise<X509Certificate> {
  const { subject, publicKey, issuer, notBefore, notAfter } = options;
  const certificate = new Certificate();
  const number = randomBytes(SERIAL_BYTES);
  number[0] = ((number[0] as number) & 0x7f) | 0x40;
  certificate.version = 2;
  certificate.serialNumber = new Integer({ valueHex: bytesOf(number) });
  certificate.subject = nameOf(subject);
  certificate.issuer = 'certificate' in issuer ? subjectOf(issuer.certificate) : certificate.subject;
  certificate.notBefore.value = notBefore;
  certificate.notAfter.value = notAfter;
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  certificate.subjectPublicKeyInfo = PublicKeyInfo.fromBER(bytesOf(spki));
  certificate.extensions = extensionsOf(options);
  await certificate.sign(await signingKey(issuer.key), 'SHA-256');
  return new X509Certificate(Buffer.from(certificate.toSchema(true).toBER()));
}

function extensionsOf({ isCa, pathLength = 0, publicKey, issuer }: CertificateOptions): Extension[] {
  const authority = 'certificate' in issuer ? issuer.certificate.publicKey : publicKey;
  const extension = (extnID: string, critical: boolean, value: { toBER(): ArrayBuffer }): Extension =>
    new Extension({ extnID, critical, extnValue: value.toBER() });
  const usage = Uint8Array.of(isCa ? SIGNS_CERTIFICATES : SIGNS).buffer;
  return [
    extension(
      EXTENSIONS.constraints,
      true,
      new BasicConstraints(isCa ? { cA: true, pathLenConstraint: pathLength } : {}).toSchema(),
    ),
    extension(EXTENSIONS.keyUsage, true, new BitString({ valueHex: usage, unusedBits: isCa ? 1 : 7 })),
    extension(EXTENSIONS.subjectKey, false, keyId(publicKey)),
    extension(
      EXTENSIONS.authorityKey,
      false,
      new AuthorityKeyIdentifier({ keyIdentifier: keyId(authority) }).toSchema(),
    ),
    ...(isCa
      ? []
      : [extension(EXTENSIONS.extendedKeyUsage, false, new ExtKeyUsage({ keyPurposes: [CLIENT_AUTH] }).toSchema())]),
  ];
}

/** RFC 7093 §2 (1): the first 160 bits of a SHA-256. */
const keyId = (key: KeyObject): OctetString =>
  new OctetString({
    valueHex: bytesOf(
      createHash('sha256')
        .update(key.export({ type: 'spki', format: 'der' }))
        .digest()
        .subarray(0, 20),
    ),
  });

const attribute = (name: string, value: string): AttributeTypeAndValue =>
  new AttributeTypeAndValue({
    type: ATTRIBUTES[name as keyof typeof ATTRIBUTES],
    value: new Utf8String({ value }),
  });

/** One attribute after the other: the library would make all of them one. */
function nameOf(subject: Subject): RelativeDistinguishedNames {
  const attributes = Object.entries(subject).map(([name, value]) => attribute(name, value));
  const sequence = new Sequence({ value: attributes.map((each) => new Asn1Set({ value: [each.toSchema()] })) });
  return new RelativeDistinguishedNames({ typesAndValues: attributes, valueBeforeDecode: sequence.toBER() });
}

/** Byte by byte, since issuers are compared by it. */
const subjectOf = (certificate: X509Certificate): RelativeDistinguishedNames =>
  Certificate.fromBER(bytesOf(certificate.raw)).subject;

export const bytesOf = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer;

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;

const signingKey = async (key: KeyObject): Promise<CryptoKey> =>
  crypto.subtle.importKey('pkcs8', key.export({ type: 'pkcs8', format: 'der' }) as Buffer<ArrayBuffer>, CURVE, false, [
    'sign',
  ]);
