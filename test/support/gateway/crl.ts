// Lists of revoked certificates, signed by CAs of tests.

import { Integer, Null } from 'asn1js';
import { Certificate, CertificateRevocationList, Extension, Extensions, RevokedCertificate, Time } from 'pkijs';
import type { TestCa } from './device-world.ts';

interface CrlOptions {
  /** In hex. */
  readonly serials: readonly string[];
  readonly thisUpdate?: Date;
  /** An extension. */
  readonly critical?: string;
}

const HOUR = 3_600_000;

/** Of DER, good for a day. */
export async function makeCrl(ca: TestCa, { serials, critical, thisUpdate = new Date() }: CrlOptions): Promise<Buffer> {
  const crl = new CertificateRevocationList();
  crl.version = 1;
  crl.issuer = Certificate.fromBER(Uint8Array.from(ca.certificate.raw).buffer).subject;
  crl.thisUpdate = new Time({ type: 0, value: thisUpdate });
  crl.nextUpdate = new Time({ type: 0, value: new Date(Date.now() + 24 * HOUR) });
  if (serials.length > 0)
    crl.revokedCertificates = serials.map(
      (serial) =>
        new RevokedCertificate({
          userCertificate: new Integer({ valueHex: Uint8Array.from(Buffer.from(serial, 'hex')).buffer }),
          revocationDate: new Time({ type: 0, value: thisUpdate }),
        }),
    );
  if (critical !== undefined)
    crl.crlExtensions = new Extensions({
      extensions: [new Extension({ extnID: critical, critical: true, extnValue: new Null().toBER() })],
    });
  const pkcs8 = ca.key.export({ type: 'pkcs8', format: 'der' }) as Buffer<ArrayBuffer>;
  const key = await crypto.subtle.importKey('pkcs8', pkcs8, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
  await crl.sign(key, 'SHA-256');
  return Buffer.from(crl.toSchema(true).toBER());
}
