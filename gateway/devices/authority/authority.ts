// A CA of devices, for operators without one: a folder of its own, which the gateway never reads.

import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { type ClientCertificate, keyHashOf, readShown } from '../certificate/client-certificate.ts';
import { AuthorityError } from './authority-error.ts';
import type { Identity } from './pkcs12.ts';

const CERTIFICATE = 'ca.pem';
const KEY = 'ca.key';
const ISSUED = 'issued';
const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;
/** Of anybody but the owner. */
const OF_OTHERS = 0o077;
const DAY = 86_400_000;
/** Clocks of devices and gateway differ. */
const BEFORE_MS = 3_600_000;

const makeKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

export interface Issued extends Pick<ClientCertificate, 'issuer' | 'serial' | 'devices'> {
  readonly notAfter: number;
}

/** @param passphrase encrypts the key @throws AuthorityError for a folder that is there already */
export async function createAuthority(
  folder: string,
  name: string,
  days: number,
  passphrase?: string,
): Promise<X509Certificate> {
  const { publicKey, privateKey } = makeKeys();
  const certificate = await make({
    subject: { commonName: name },
    publicKey,
    issuer: { key: privateKey },
    isCa: true,
    days,
  });
  writing(folder, () => {
    fs.mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
    fs.mkdirSync(path.join(folder, ISSUED), { mode: PRIVATE_FOLDER });
    const lock = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
    const key = privateKey.export({ type: 'pkcs8', format: 'pem', ...lock } as { type: 'pkcs8'; format: 'pem' });
    fs.writeFileSync(path.join(folder, KEY), key, { flag: 'wx', mode: PRIVATE_FILE });
    fs.writeFileSync(path.join(folder, CERTIFICATE), certificate.toString(), { flag: 'wx' });
  });
  return certificate;
}

/**
 * A certificate for a device, with a key of its own, which is nowhere else.
 * @param device what lists call it
 * @throws AuthorityError
 */
export async function issueFor(device: string, folder: string, days: number, passphrase?: string): Promise<Identity> {
  const { publicKey, privateKey } = makeKeys();
  return { certificate: await certify({ device, publicKey }, folder, days, passphrase), key: privateKey, name: device };
}

export interface Certified {
  readonly device: string;
  readonly publicKey: KeyObject;
}

/** A certificate for a key that a device has made, and keeps. @throws AuthorityError */
export async function certify(
  { device, publicKey }: Certified,
  folder: string,
  days: number,
  passphrase?: string,
): Promise<X509Certificate> {
  const ca = certificateIn(folder);
  assertOwnKey(device, publicKey, folder, ca);
  const certificate = await make({
    subject: { commonName: device, serialNumber: device },
    publicKey,
    issuer: { certificate: ca, key: keyIn(folder, passphrase) },
    isCa: false,
    days: Math.min(days, (Date.parse(ca.validTo) - Date.now()) / DAY),
  });
  writing(folder, () => {
    const file = path.join(folder, ISSUED, `${certificate.serialNumber.toLowerCase()}.pem`);
    fs.writeFileSync(file, certificate.toString(), { flag: 'wx', mode: PRIVATE_FILE });
  });
  return certificate;
}

/** One key is of one device: who has it would be two of them otherwise. */
function assertOwnKey(device: string, publicKey: KeyObject, folder: string, ca: X509Certificate): void {
  const key = keyHashOf(publicKey);
  const isForeign = certificatesIn(folder, ca).some(
    ({ leaf, shown }) => keyHashOf(leaf.publicKey) === key && !shown.devices.includes(device),
  );
  if (isForeign || keyHashOf(ca.publicKey) === key)
    throw new AuthorityError(
      'REQUEST_UNUSABLE',
      'the request has the key of another device, or of the CA',
      'Make a new key on the device.',
    );
}

/** What the CA has issued. @throws AuthorityError */
export const issuedBy = (folder: string): Issued[] =>
  certificatesIn(folder, certificateIn(folder)).map(({ leaf, shown }) => ({
    ...shown,
    notAfter: Date.parse(leaf.validTo),
  }));

function certificatesIn(folder: string, ca: X509Certificate) {
  return reading(folder, () =>
    fs.readdirSync(path.join(folder, ISSUED)).flatMap((name) => {
      if (!name.endsWith('.pem')) return [];
      const leaf = new X509Certificate(fs.readFileSync(path.join(folder, ISSUED, name)));
      const shown = readShown(leaf, [], [ca])?.certificate;
      return shown ? [{ leaf, shown }] : [];
    }),
  );
}

/** @throws AuthorityError, also for a folder that is accessible by group or others */
export function certificateIn(folder: string): X509Certificate {
  const ca = reading(folder, () => new X509Certificate(fs.readFileSync(path.join(folder, CERTIFICATE))));
  const paths = [folder, path.join(folder, ISSUED), path.join(folder, KEY)];
  const stats = reading(folder, () => paths.map((each) => ({ each, stat: fs.statSync(each) })));
  const exposed = stats.find(({ stat }) => (stat.mode & OF_OTHERS) !== 0);
  if (exposed)
    throw new AuthorityError(
      'CA_EXPOSED',
      `${exposed.each} is accessible by group or others`,
      `Take it from them: chmod -R go= ${folder}. If it was so for long, make a new CA.`,
    );
  const user = process.getuid?.();
  if (user !== undefined && stats.some(({ stat }) => stat.uid !== user))
    throw new AuthorityError(
      'CA_FOREIGN',
      `${folder} belongs to another user`,
      'Run this as its owner, such as by sudo -u.',
    );
  return ca;
}

function keyIn(folder: string, passphrase: string | undefined): KeyObject {
  const pem = reading(folder, () => fs.readFileSync(path.join(folder, KEY)));
  try {
    return createPrivateKey({ key: pem, ...(passphrase !== undefined && { passphrase }) });
  } catch (cause) {
    throw new AuthorityError(
      'CA_KEY_LOCKED',
      'the key of the CA cannot be read with this password',
      'Pass --ca-password-file, with the password of init.',
      { cause },
    );
  }
}

type MakeOptions = Omit<
  Parameters<typeof import('./make-certificate.ts').makeCertificate>[0],
  'notBefore' | 'notAfter'
>;

/** The library is loaded by commands that make a certificate alone. */
async function make({ days, ...options }: MakeOptions & { readonly days: number }): Promise<X509Certificate> {
  const { makeCertificate } = await import('./make-certificate.ts');
  const now = Date.now();
  return makeCertificate({ ...options, notBefore: new Date(now - BEFORE_MS), notAfter: new Date(now + days * DAY) });
}

function reading<Result>(folder: string, read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    throw new AuthorityError(
      'CA_UNREADABLE',
      `${folder} is no CA that can be read`,
      'Create one: credveil gateway certificate init <folder>.',
      { cause },
    );
  }
}

function writing(folder: string, write: () => void): void {
  try {
    write();
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    throw new AuthorityError(
      'CA_UNWRITABLE',
      isThere ? `${folder} has a CA already` : `${folder} cannot be written`,
      'Name a folder that this user may write, and for init a new one.',
      { cause },
    );
  }
}
