// A certificate with its key in one file that devices import: PKCS #12, RFC 7292. The key is
// encrypted by PBES2 with AES-256; the certificate is no secret.

import type { KeyObject, X509Certificate } from 'node:crypto';
import { BmpString, OctetString } from 'asn1js';
import {
  Attribute,
  AuthenticatedSafe,
  CertBag,
  Certificate,
  PFX,
  PKCS8ShroudedKeyBag,
  PrivateKeyInfo,
  SafeBag,
  SafeContents,
} from 'pkijs';
import { bytesOf } from './make-certificate.ts';

const ITERATIONS = 200_000;
const BAGS = { key: '1.2.840.113549.1.12.10.1.2', certificate: '1.2.840.113549.1.12.10.1.3' } as const;
const FRIENDLY_NAME = '1.2.840.113549.1.9.20';
const LOCAL_KEY_ID = '1.2.840.113549.1.9.21';
/** Of the password, and of the file as a whole. */
const PASSWORD_PROTECTED = 0;
const NOT_ENCRYPTED = 0;

export interface Identity {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
  /** As systems show it. */
  readonly name: string;
}

/** @param password printable ASCII: systems disagree about the rest */
export async function encodePkcs12({ certificate, key, name }: Identity, password: string): Promise<Buffer> {
  const secret = bytesOf(Buffer.from(password, 'latin1'));
  const bagAttributes = [
    new Attribute({ type: FRIENDLY_NAME, values: [new BmpString({ value: name })] }),
    new Attribute({ type: LOCAL_KEY_ID, values: [new OctetString({ valueHex: Uint8Array.of(1).buffer })] }),
  ];
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' });
  const shrouded = new PKCS8ShroudedKeyBag({ parsedValue: PrivateKeyInfo.fromBER(bytesOf(pkcs8)) });
  await shrouded.makeInternalValues({
    password: secret,
    contentEncryptionAlgorithm: { name: 'AES-CBC', length: 256 } as never,
    hmacHashAlgorithm: 'SHA-256',
    iterationCount: ITERATIONS,
  });
  const shown = new CertBag({ parsedValue: Certificate.fromBER(bytesOf(certificate.raw)) });
  const safeBags = [
    new SafeBag({ bagId: BAGS.key, bagValue: shrouded, bagAttributes }),
    new SafeBag({ bagId: BAGS.certificate, bagValue: shown, bagAttributes }),
  ];
  const safe = new AuthenticatedSafe({
    parsedValue: { safeContents: [{ privacyMode: NOT_ENCRYPTED, value: new SafeContents({ safeBags }) }] },
  });
  await safe.makeInternalValues({ safeContents: [{}] });
  const file = new PFX({ parsedValue: { integrityMode: PASSWORD_PROTECTED, authenticatedSafe: safe } });
  await file.makeInternalValues({
    password: secret,
    iterations: ITERATIONS,
    pbkdf2HashAlgorithm: { name: 'SHA-256' },
    hmacHashAlgorithm: 'SHA-256',
  });
  return Buffer.from(file.toSchema().toBER());
}
