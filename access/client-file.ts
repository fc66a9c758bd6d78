// The client file: names, quotas and key digests, but no secrets. PROTOCOL.md §18.
//
// A key has 256 random bits, so its plain SHA-256 resists guessing and tables, and costs a request
// less than a microsecond. Slow hashes are for passwords.

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { ClientSecret } from '../protocol/brands.ts';
import { NAME } from '../protocol/ids.ts';
import { CLIENT_SECRET_BYTES, clientId, clientKeyDigest, formatClientKey } from '../protocol/keys.ts';
import { StoreError } from '../store/errors.ts';
import { isMissing, openRegularFile, publishFile } from '../store/files.ts';
import { takeLock } from '../store/lock.ts';
import { CLIENT_LIST_FORMAT, type Client, ClientListError, parseClientList } from './client-list.ts';
import type { Quotas } from './quota/policy.ts';

const MAX_FILE_BYTES = 2 ** 24;
const LOCK_WAIT_MS = 5_000;

/** Beside the dataset, like its key: copying a dataset does not copy its clients. */
export function clientFileFor(folder: string): string {
  return `${path.resolve(folder)}.clients.json`;
}

/** Identifies a version of the file without reading it. Undefined without a file. */
export function clientFileVersion(file: string): string | undefined {
  const stat = fs.statSync(file, { throwIfNoEntry: false, bigint: true });
  return stat && `${stat.ino} ${stat.size} ${stat.mtimeNs}`;
}

/**
 * Undefined without a file.
 * @throws StoreError `CLIENTS_EXPOSED`, `CLIENTS_MALFORMED`
 */
export function readClients(file: string): readonly Client[] | undefined {
  let handle: number;
  try {
    handle = openRegularFile(file, () => malformed(file));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    const { mode, size } = fs.fstatSync(handle);
    if (process.platform !== 'win32' && (mode & 0o022) !== 0)
      throw new StoreError(
        'CLIENTS_EXPOSED',
        `clients file ${file}: writable by group or others (mode ${(mode & 0o777).toString(8)})`,
        `Run: chmod 600 ${file} — then check \`credveil client list\` for clients you did not add.`,
      );
    if (size > MAX_FILE_BYTES) throw malformed(file);
    return parseClients(file, fs.readFileSync(handle, 'utf8'));
  } finally {
    fs.closeSync(handle);
  }
}

function malformed(file: string, cause?: unknown): StoreError {
  const where = cause instanceof ClientListError ? ` at ${cause.place || 'its top'}` : '';
  return new StoreError(
    'CLIENTS_MALFORMED',
    `clients file ${file}: not a valid list of clients${where}`,
    'Repair the file, or restore it from a backup; PROTOCOL.md §18 specifies its format.',
  );
}

function parseClients(file: string, text: string): readonly Client[] {
  try {
    return parseClientList(text);
  } catch (cause) {
    // The parser's error does not become the cause: a message of JSON.parse may quote the file.
    throw malformed(file, cause);
  }
}

/** Changes the file under a separate lock: a revocation does not wait for an ingest. */
function changeClients(file: string, change: (clients: readonly Client[]) => readonly Client[]): void {
  const unlock = takeLock(`${file}.lock`, LOCK_WAIT_MS, (cause) => {
    throw new StoreError(
      'CLIENTS_BUSY',
      `clients file ${file}: another process is changing it`,
      'Retry once the other command has finished.',
      { cause },
    );
  });
  try {
    const clients = change(readClients(file) ?? []);
    replaceFile(file, `${JSON.stringify({ format: CLIENT_LIST_FORMAT, clients }, undefined, 2)}\n`);
  } finally {
    unlock();
  }
}

/**
 * An existing file keeps its owner, group and mode: the service may run as another user with access
 * through a group.
 */
function replaceFile(file: string, text: string): void {
  const { uid, gid, mode = 0o600 } = fs.statSync(file, { throwIfNoEntry: false }) ?? {};
  const aside = `${file}.part`;
  fs.rmSync(aside, { force: true });
  try {
    fs.writeFileSync(aside, text, { mode: 0o600, flag: 'wx' });
    if (uid !== undefined && gid !== undefined) fs.chownSync(aside, uid, gid);
    fs.chmodSync(aside, mode & 0o777);
    publishFile(aside, file);
  } finally {
    fs.rmSync(aside, { force: true });
  }
}

export interface AddedClient {
  readonly client: Client;
  /** Stored nowhere else, and shown once. Undefined for a client with a certificate. */
  readonly keyText: string | undefined;
}

/** What a new client has beside its name and quotas. */
export interface ClientTerms {
  /** SHA-256 of its certificate, in hex. Without one it gets a fresh key. */
  readonly certificate?: string | undefined;
  /** It may hold a replica. */
  readonly replica?: boolean;
}

/**
 * Adds a client with a fresh key, or with the given certificate.
 * @throws StoreError `CLIENT_NAME`, `CLIENT_EXISTS`, `CLIENTS_BUSY`, and those of `readClients`
 */
export function addClient(file: string, name: string, quotas: Quotas, terms: ClientTerms = {}): AddedClient {
  const { certificate, replica = false } = terms;
  if (!NAME.test(name))
    throw new StoreError(
      'CLIENT_NAME',
      'a client name has at most 64 lower-case letters, digits, dots, underscores and hyphens',
      'Name it after the service that uses it, such as login-eu.',
    );
  const created = new Date().toISOString();
  const secret = Uint8Array.from(randomBytes(CLIENT_SECRET_BYTES)) as ClientSecret;
  const id = clientId(secret);
  const keyText = certificate === undefined ? formatClientKey(secret) : undefined;
  const known = keyText === undefined ? { certificate } : { keyDigest: clientKeyDigest(keyText) };
  const client = { id, name, created, ...known, ...(replica && { replica }), quotas } as Client;
  changeClients(file, (clients) => {
    if (clients.some((other) => other.name === name || (certificate && other.certificate === certificate)))
      throw new StoreError(
        'CLIENT_EXISTS',
        'a client with this name or certificate already exists',
        'Choose another name, or revoke the client first: a new client gets a new key and full quotas.',
      );
    return [...clients, client];
  });
  return { client, keyText };
}

/** @throws StoreError `CLIENT_MISSING`, `CLIENTS_BUSY`, and those of `readClients` */
export function revokeClient(file: string, name: string): Client {
  let revoked: Client | undefined;
  changeClients(file, (clients) => {
    revoked = clients.find((client) => client.name === name);
    if (!revoked)
      throw new StoreError('CLIENT_MISSING', 'no client has this name', 'List the names with `credveil client list`.');
    return clients.filter((client) => client !== revoked);
  });
  return revoked as unknown as Client;
}
