// Makers of authenticators, with a CA each: WebAuthn Level 3 §8.2.1.

import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { Set as Asn1Set, BitString, Integer, OctetString, PrintableString, Sequence, Utf8String } from 'asn1js';
import { AttributeTypeAndValue, BasicConstraints, Certificate, Extension, RelativeDistinguishedNames } from 'pkijs';
import type { Maker } from './authenticator.ts';

const DAY = 86_400_000;
/** id-fido-gen-ce-aaguid. */
const AAGUID = '1.3.6.1.4.1.45724.1.1.4';
/** RFC 5280 §4.2.1.13: where nobody should look, since nothing else bounds what comes back. */
const REVOKED_AT = '2.5.29.31';
const REVOKED_PLACE = Uint8Array.from(
  Buffer.concat([
    Buffer.from([0x30, 0x1e, 0x30, 0x1c, 0xa0, 0x1a, 0xa0, 0x18, 0x86, 0x16]),
    Buffer.from('http://127.0.0.1:9/crl'),
  ]),
).buffer;
const OIDS = { C: '2.5.4.6', O: '2.5.4.10', OU: '2.5.4.11', CN: '2.5.4.3' } as const;

interface Issued {
  readonly der: Buffer;
  readonly key: KeyObject;
  readonly subject: RelativeDistinguishedNames;
}

interface IssueOptions {
  readonly name: string;
  /** Default: itself. */
  readonly by?: Issued | undefined;
  readonly isCa?: boolean;
  readonly pathLength?: number;
  readonly aaguid?: string | undefined;
  /** In days from now. */
  readonly until?: number;
}

async function issue({ name, by, isCa = false, pathLength, aaguid, until = 30 }: IssueOptions): Promise<Issued> {
  const { publicKey, privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const certificate = new Certificate();
  const subject = nameOf({ C: 'SE', O: 'Maker', OU: isCa ? 'CA' : 'Authenticator Attestation', CN: name });
  certificate.version = 2;
  certificate.serialNumber = new Integer({ valueHex: bytesOf(Buffer.from([1, ...randomBytes(8)])) });
  certificate.subject = subject;
  certificate.issuer = by?.subject ?? subject;
  certificate.notBefore.value = new Date(Date.now() - 60 * DAY);
  certificate.notAfter.value = new Date(Date.now() + until * DAY);
  const spki = publicKey.export({ type: 'spki', format: 'der' }) as Buffer<ArrayBuffer>;
  await certificate.subjectPublicKeyInfo.importKey(
    await crypto.subtle.importKey('spki', spki, CURVE, true, ['verify']),
  );
  const constraints = new BasicConstraints(
    isCa ? { cA: true, ...(pathLength !== undefined && { pathLenConstraint: pathLength }) } : {},
  );
  certificate.extensions = [
    new Extension({ extnID: '2.5.29.19', critical: true, extnValue: constraints.toSchema().toBER() }),
    new Extension({ extnID: '2.5.29.15', critical: true, extnValue: usageOf(isCa).toBER() }),
    ...(isCa ? [] : [new Extension({ extnID: REVOKED_AT, critical: false, extnValue: REVOKED_PLACE })]),
    ...(aaguid === undefined ? [] : [new Extension({ extnID: AAGUID, critical: false, extnValue: ofModel(aaguid) })]),
  ];
  const pkcs8 = (by?.key ?? key).export({ type: 'pkcs8', format: 'der' }) as Buffer<ArrayBuffer>;
  await certificate.sign(await crypto.subtle.importKey('pkcs8', pkcs8, CURVE, false, ['sign']), 'SHA-256');
  return { der: Buffer.from(certificate.toSchema(true).toBER()), key, subject };
}

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/** Signs certificates; signs. */
const usageOf = (isCa: boolean): BitString =>
  new BitString({ valueHex: Uint8Array.of(isCa ? 0b0000_0110 : 0b1000_0000).buffer, unusedBits: isCa ? 1 : 7 });

const ofModel = (aaguid: string): ArrayBuffer =>
  new OctetString({ valueHex: bytesOf(Buffer.from(aaguid.replaceAll('-', ''), 'hex')) }).toBER();

function nameOf(names: { readonly [name in keyof typeof OIDS]: string }): RelativeDistinguishedNames {
  const attributes = Object.entries(names).map(
    ([name, value]) =>
      new AttributeTypeAndValue({
        type: OIDS[name as keyof typeof OIDS],
        value: name === 'C' ? new PrintableString({ value }) : new Utf8String({ value }),
      }),
  );
  const sequence = new Sequence({ value: attributes.map((each) => new Asn1Set({ value: [each.toSchema()] })) });
  return new RelativeDistinguishedNames({ typesAndValues: attributes, valueBeforeDecode: sequence.toBER() });
}

const bytesOf = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer;

/** Of a maker, and who pretends to be one. */
export async function openMaker(aaguid: string) {
  const root = await issue({ name: 'Root', isCa: true });
  const middle = await issue({ name: 'Middle', by: root, isCa: true });
  const narrow = await issue({ name: 'Narrow', by: root, isCa: true, pathLength: 0 });
  const below = await issue({ name: 'Below', by: narrow, isCa: true });
  const device = await issue({ name: 'Device', by: middle, aaguid });
  const other = await issue({ name: 'Root', isCa: true });
  const maker = async (of: IssueOptions, between: readonly Issued[]): Promise<Maker> => {
    const leaf = await issue(of);
    return { key: leaf.key, chain: [leaf, ...between].map(({ der }) => der) };
  };
  const model = '6e96969e-a5cf-4aad-9b56-305fe6c82795';
  return {
    pem: pemOf(root.der),
    right: await maker({ name: 'Model', by: middle, aaguid }, [middle]),
    ofRoot: await maker({ name: 'Model', by: root, aaguid }, []),
    wrong: {
      'a chain to another CA of the same name': await maker({ name: 'Model', by: other, aaguid }, []),
      'that CA sent along': await maker({ name: 'Model', by: other, aaguid }, [other]),
      'a certificate that signed itself': await maker({ name: 'Model', aaguid }, []),
      'a gap': await maker({ name: 'Model', by: middle, aaguid }, []),
      'a device that signed another one': await maker({ name: 'Model', by: device, aaguid }, [device, middle]),
      'a CA that may have no CA below it': await maker({ name: 'Model', by: below, aaguid }, [below, narrow]),
      'a certificate that has expired': await maker({ name: 'Model', by: middle, aaguid, until: -1 }, [middle]),
      'a certificate of another model': await maker({ name: 'Model', by: middle, aaguid: model }, [middle]),
      'twenty certificates': await maker({ name: 'Model', by: middle, aaguid }, Array(20).fill(middle)),
    } satisfies { readonly [how: string]: Maker },
  };
}

const pemOf = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
