// Service tokens on disk: a file for each, so that creating and revoking one are single steps of
// the file system. A file has the hash of a token's secret, which nobody can go back from: it is 32
// random bytes.

import { hash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { CredveilError } from '../../../protocol/errors.ts';

export type TokenErrorCode = 'TOKENS_UNREADABLE' | 'TOKENS_UNWRITABLE' | 'TOKENS_TOO_MANY';

export class TokenError extends CredveilError<TokenErrorCode> {
  override name = 'TokenError';
}

export interface ServiceToken {
  readonly id: string;
  /** What policies call it. Several tokens may have one name, so that they can take turns. */
  readonly name: string;
  /** SHA-256 of the secret. */
  readonly hash: Buffer;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Undefined: it lasts until it is revoked. */
  readonly expiresAt: number | undefined;
}

/** A file of this shape is one; another version gets another number. */
interface Stored {
  readonly v: 1;
  readonly name: string;
  /** Base64url. */
  readonly sha256: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
}

const ID_BYTES = 9;
const SECRET_BYTES = 32;
const HASH_BYTES = 32;
const ID = /^[0-9a-f]{18}$/;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const SUFFIX = '.json';
const MAX_FILE_BYTES = 1_024;
const MAX_TOKENS = 10_000;
const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;

export const tokenFolder = (stateDirectory: string): string => path.join(stateDirectory, 'service-tokens');

export const isTokenName = (name: string): boolean => NAME.test(name);

export const hashOf = (secret: string): Buffer => hash('sha256', secret, 'buffer');

/** @throws TokenError for a folder that cannot be read; a file that is none is left out */
export function readTokens(folder: string): ServiceToken[] {
  let names: string[];
  try {
    names = fs.readdirSync(folder).filter((name) => name.endsWith(SUFFIX) && ID.test(idOf(name)));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new TokenError(
      'TOKENS_UNREADABLE',
      `${folder} cannot be read`,
      'Let the user of the gateway own it and its files, with mode 700 and 600.',
      { cause },
    );
  }
  if (names.length > MAX_TOKENS)
    throw new TokenError(
      'TOKENS_TOO_MANY',
      `${folder} has more than ${MAX_TOKENS} tokens`,
      'Revoke those that nobody uses.',
    );
  return names.flatMap((name) => readToken(path.join(folder, name), idOf(name)) ?? []);
}

const idOf = (file: string): string => file.slice(0, -SUFFIX.length);

function readToken(file: string, id: string): ServiceToken | undefined {
  try {
    if (fs.statSync(file).size > MAX_FILE_BYTES) return undefined;
    return parseToken(id, fs.readFileSync(file, 'utf8'));
  } catch {
    // Revoked meanwhile, or of another user.
    return undefined;
  }
}

/** @throws SyntaxError for what is no JSON */
function parseToken(id: string, text: string): ServiceToken | undefined {
  const { v, name, sha256, createdAt, expiresAt } = JSON.parse(text) as Partial<Stored>;
  if (v !== 1 || typeof name !== 'string' || !NAME.test(name) || typeof sha256 !== 'string') return undefined;
  const digest = Buffer.from(sha256, 'base64url');
  if (digest.length !== HASH_BYTES || !isTime(createdAt)) return undefined;
  if (expiresAt !== null && !isTime(expiresAt)) return undefined;
  return { id, name, hash: digest, createdAt, expiresAt: expiresAt ?? undefined };
}

const isTime = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/**
 * The file appears whole.
 * @param lifetimeMs undefined: until it is revoked
 * @returns the token, and its secret, which is nowhere else
 * @throws TokenError
 */
export function createToken(
  folder: string,
  name: string,
  lifetimeMs?: number,
): { readonly token: ServiceToken; readonly secret: string } {
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const createdAt = Date.now();
  const token: ServiceToken = {
    id: randomBytes(ID_BYTES).toString('hex'),
    name,
    hash: hashOf(secret),
    createdAt,
    expiresAt: lifetimeMs === undefined ? undefined : createdAt + lifetimeMs,
  };
  const stored: Stored = {
    v: 1,
    name,
    sha256: token.hash.toString('base64url'),
    createdAt,
    expiresAt: token.expiresAt ?? null,
  };
  writing(folder, () => {
    makeFolder(folder);
    const file = path.join(folder, `${token.id}${SUFFIX}`);
    const aside = `${file}.new`;
    const handle = fs.openSync(aside, 'wx', PRIVATE_FILE);
    try {
      fs.writeSync(handle, `${JSON.stringify(stored)}\n`);
      giveToOwner(folder, (uid, gid) => fs.fchownSync(handle, uid, gid));
      fs.fsyncSync(handle);
    } finally {
      fs.closeSync(handle);
    }
    fs.renameSync(aside, file);
    syncFolder(folder);
  });
  return { token, secret };
}

/** @returns the token that there was @throws TokenError */
export function revokeToken(folder: string, id: string): ServiceToken | undefined {
  const token = readTokens(folder).find((each) => each.id === id);
  if (!token) return undefined;
  writing(folder, () => {
    fs.unlinkSync(path.join(folder, `${id}${SUFFIX}`));
    syncFolder(folder);
  });
  return token;
}

function makeFolder(folder: string): void {
  if (fs.existsSync(folder)) return;
  fs.mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
  giveToOwner(path.dirname(folder), (uid, gid) => fs.chownSync(folder, uid, gid));
}

/** Root makes it for the user of the gateway, whose folder it is in. */
function giveToOwner(folder: string, give: (uid: number, gid: number) => void): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = fs.statSync(folder);
  if (uid !== 0) give(uid, gid);
}

function syncFolder(folder: string): void {
  const handle = fs.openSync(folder, 'r');
  try {
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}

function writing(folder: string, write: () => void): void {
  try {
    write();
  } catch (cause) {
    throw new TokenError(
      'TOKENS_UNWRITABLE',
      `${folder} cannot be written`,
      'Run this as the user of the gateway, who owns its stateDirectory.',
      { cause },
    );
  }
}
