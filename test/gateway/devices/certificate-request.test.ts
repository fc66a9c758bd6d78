// Certificates for keys that devices keep: requests as OpenSSL makes them, and what is none.

import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { certificateIn, certify, createAuthority, issueFor } from '../../../gateway/devices/authority/authority.ts';
import { readRequest } from '../../../gateway/devices/authority/certificate-request.ts';
import { readShown } from '../../../gateway/devices/certificate/client-certificate.ts';
import { createWorkPlace } from '../../support/credveil.ts';

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
const RSA = (bits: number) => ['-newkey', `rsa:${bits}`];

/** @returns the request in PEM, and the key of who wrote it */
function request(
  args: readonly string[],
  more: readonly string[] = [],
): { readonly csr: string; readonly key: KeyObject } {
  const place = createWorkPlace();
  onTestFinished(() => place.dispose());
  const keyFile = path.join(place.home, 'key.pem');
  const given = ['req', '-new', '-nodes', '-subj', '/CN=mallory/serialNumber=C02XL9', '-keyout', keyFile];
  const csr = execFileSync('openssl', [...given, ...args, ...more], { encoding: 'utf8', stdio: 'pipe' });
  return { csr, key: createPrivateKey(fs.readFileSync(keyFile)) };
}

const read = (csr: string | Buffer) => readRequest(Buffer.from(csr));
const der = (csr: string) => Buffer.from(csr.replace(/-----[^-]+-----/g, ''), 'base64');
const spkiOf = (key: KeyObject) => key.export({ type: 'spki', format: 'der' });

describe('a request', () => {
  test.each([
    ['P-256', EC],
    ['P-384', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384']],
    ['RSA of 2048 bits', RSA(2_048)],
  ])('with a key of %s has that key, in PEM and in DER', (_, args) => {
    const { csr, key } = request(args);
    for (const content of [csr, der(csr), csr.replaceAll('CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST')])
      expect(spkiOf(read(content)).equals(spkiOf(createPublicKey(key)))).toBe(true);
  });

  test.each<[string, string, readonly string[]]>([
    ['a small key', 'a key of another kind', RSA(1_024)],
    ['a small exponent', 'a key of another kind', [...RSA(2_048), '-pkeyopt', 'rsa_keygen_pubexp:3']],
    ['another curve', 'a key of another kind', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1']],
    ['a curve that it describes', 'has', [...EC, '-pkeyopt', 'ec_param_enc:explicit']],
    ['a key of Ed25519', 'a key of another kind', ['-newkey', 'ed25519']],
    ['a signature of SHA-1', 'is not signed', [...EC, '-sha1']],
  ])('with %s is refused', (_, message, args) => {
    const { csr } = request(args);
    expect(() => read(csr)).toThrow(message);
  });

  test('that somebody changed, or that is something else, is refused', () => {
    const { csr } = request(EC);
    const other = der(request(EC).csr);
    const bytes = der(csr);
    // The names in it, which are as long, and its signature.
    expect(() => read(Buffer.from(bytes.toString('latin1').replace('mallory', 'mallorx'), 'latin1'))).toThrow(
      'not signed',
    );
    const foreign = Buffer.concat([bytes.subarray(0, -20), other.subarray(-20)]);
    for (const [content, message] of [
      [foreign, ''],
      [bytes.subarray(0, -1), ''],
      [Buffer.concat([bytes, Buffer.alloc(1)]), 'has something behind it'],
      [Buffer.alloc(20_000, 0x30), 'is larger than 16 KiB'],
      [`${csr}${csr}`, ''],
      ['x', ''],
      ['', ''],
    ] as const)
      expect(() => read(content)).toThrow(`the request ${message}`);
  });
});

describe('a certificate', () => {
  test('has the key of the request, and nothing else that it says', async () => {
    const { home } = createWorkPlace();
    const folder = path.join(home, 'ca');
    const ca = await createAuthority(folder, 'Devices', 10);
    const asked = [
      '-addext',
      'basicConstraints=critical,CA:TRUE',
      '-addext',
      'subjectAltName=DNS:intranet.example.com',
    ];
    const { csr, key } = request(RSA(2_048), asked);
    const certificate = await certify({ device: 'C02XL0', publicKey: read(csr) }, folder, 365);
    expect(certificate.checkPrivateKey(key)).toBe(true);
    expect([certificate.ca, certificate.subjectAltName]).toEqual([false, undefined]);
    expect(certificate.subject).toBe('CN=C02XL0\nserialNumber=C02XL0');
    expect(readShown(certificate, [], [ca], { isStrict: true })?.certificate).toMatchObject({ devices: ['C02XL0'] });
    expect(Date.parse(certificate.validTo)).toBeLessThanOrEqual(Date.parse(ca.validTo));
    expect(fs.readdirSync(path.join(folder, 'issued'))).toHaveLength(1);
    expect(JSON.stringify(fs.readdirSync(home))).not.toContain('key.pem');
  });

  test('is of one device: nobody else has its key, nor that of the CA', async () => {
    const { home } = createWorkPlace();
    const folder = path.join(home, 'ca');
    const ca = await createAuthority(folder, 'Devices', 10);
    const publicKey = read(request(EC).csr);
    await certify({ device: 'A1', publicKey }, folder, 1);
    await certify({ device: 'A1', publicKey }, folder, 1);
    await expect(certify({ device: 'B2', publicKey }, folder, 1)).rejects.toMatchObject({ code: 'REQUEST_UNUSABLE' });
    const own = { device: 'B2', publicKey: ca.publicKey };
    await expect(certify(own, folder, 1)).rejects.toMatchObject({ code: 'REQUEST_UNUSABLE' });
  });
});

describe('the folder of a CA', () => {
  test.each(['', 'ca.key', 'issued'])('is of its owner alone: "%s"', async (name) => {
    const { home } = createWorkPlace();
    const folder = path.join(home, 'ca');
    await createAuthority(folder, 'Devices', 10);
    const at = path.join(folder, name);
    const { mode } = fs.statSync(at);
    for (const more of [0o040, 0o004, 0o020, 0o001]) {
      fs.chmodSync(at, mode | more);
      await expect(issueFor('A1', folder, 1)).rejects.toMatchObject({ code: 'CA_EXPOSED' });
    }
    fs.chmodSync(at, mode);
    expect((await issueFor('A1', folder, 1)).certificate).toBeInstanceOf(X509Certificate);
    expect(certificateIn(folder).ca).toBe(true);
  });

  test.runIf(process.getuid?.() === 0)('of another user is theirs, also for root', async () => {
    const { home } = createWorkPlace();
    const folder = path.join(home, 'ca');
    await createAuthority(folder, 'Devices', 10);
    fs.chownSync(path.join(folder, 'ca.key'), 65_534, 65_534);
    await expect(issueFor('A1', folder, 1)).rejects.toMatchObject({ code: 'CA_FOREIGN' });
  });
});
