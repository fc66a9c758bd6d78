// Certificates that an operator has revoked, on disk: a file for each, whose name says which one,
// so that it counts whatever the file has.

import fs from 'node:fs';
import path from 'node:path';
import { CredveilError } from '../../../protocol/errors.ts';
import { type ClientCertificate, idOf } from '../certificate/client-certificate.ts';

export type RevocationErrorCode = 'REVOKED_UNREADABLE' | 'REVOKED_UNWRITABLE' | 'REVOKED_TOO_MANY';

export class RevocationError extends CredveilError<RevocationErrorCode> {
  override name = 'RevocationError';
}

const NAME = /^([0-9a-f]{64})-([0-9a-f]{1,40})$/;
const MAX_REVOKED = 100_000;
const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;

export const revokedFolder = (stateDirectory: string): string => path.join(stateDirectory, 'revoked-certificates');

/** @returns `ISSUER:SERIAL` of each @throws RevocationError for a folder that cannot be read */
export function readRevoked(folder: string): string[] {
  let names: string[];
  try {
    names = fs.readdirSync(folder);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new RevocationError(
      'REVOKED_UNREADABLE',
      `${folder} cannot be read`,
      'Let the user of the gateway own it, with mode 700.',
      { cause },
    );
  }
  if (names.length > MAX_REVOKED)
    throw new RevocationError(
      'REVOKED_TOO_MANY',
      `${folder} has more than ${MAX_REVOKED} files`,
      'Remove those of certificates that have expired, or replace the CA.',
    );
  return names.flatMap((name) => {
    const [, issuer, serial] = NAME.exec(name) ?? [];
    return issuer !== undefined && serial !== undefined ? [idOf({ issuer, serial })] : [];
  });
}

/** Holds once it returns, for everybody who reads the folder. @throws RevocationError */
export function revoke(folder: string, certificate: Pick<ClientCertificate, 'issuer' | 'serial'>): void {
  try {
    if (!fs.existsSync(folder)) {
      fs.mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
      giveToOwner(path.dirname(folder), folder);
    }
    const file = path.join(folder, `${certificate.issuer}-${certificate.serial}`);
    const handle = fs.openSync(file, 'a', PRIVATE_FILE);
    fs.fsyncSync(handle);
    fs.closeSync(handle);
    giveToOwner(folder, file);
    const directory = fs.openSync(folder, 'r');
    fs.fsyncSync(directory);
    fs.closeSync(directory);
  } catch (cause) {
    throw new RevocationError(
      'REVOKED_UNWRITABLE',
      `${folder} cannot be written`,
      'Run this as the user of the gateway, who owns its stateDirectory.',
      { cause },
    );
  }
}

/** Root makes it for the user of the gateway, whose folder it is in. */
function giveToOwner(folder: string, made: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = fs.statSync(folder);
  if (uid !== 0) fs.chownSync(made, uid, gid);
}
