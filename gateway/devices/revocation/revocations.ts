// What was revoked, by command and by lists of CAs, as this process knows it. Looks for changes
// twice a second.

import type { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import { ServerError } from '../../../runtime/errors.ts';
import { nameError, type OnEvent } from '../../../runtime/events.ts';
import { describeFileFault } from '../../../runtime/file-fault.ts';
import type { Trilean } from '../../rules/schema/types.ts';
import { type ClientCertificate, idOf } from '../certificate/client-certificate.ts';
import { type Crl, readCrl } from './crl.ts';
import { RevocationError, readRevoked } from './revoked-folder.ts';

const POLL_MS = 500;
/** File systems date two changes alike that follow each other so fast. */
const SAME_DATE_MS = 2_000;
const MAX_CRL_BYTES = 2 ** 24;

export interface RevocationOptions {
  /** That `credveil gateway certificate revoke` writes to; undefined without a stateDirectory. */
  readonly folder: string | undefined;
  readonly crlFiles: readonly string[];
  /** Of client certificates, as they are now. */
  readonly cas: () => readonly X509Certificate[];
  readonly onEvent: OnEvent;
}

export class Revocations {
  readonly #options: RevocationOptions;
  #timer: NodeJS.Timeout | undefined;
  readonly #crls = new Map<string, { readonly crl: Crl; readonly stamp: string }>();
  /** The versions of files that could not be used. */
  readonly #refused = new Map<string, string>();
  #revoked: ReadonlySet<string> | undefined = new Set();
  #changedAt: number | undefined;
  #readAt = 0;
  #isFailing = false;

  /** @throws ServerError `CRL_UNUSABLE` */
  constructor(options: RevocationOptions) {
    this.#options = options;
    for (const file of options.crlFiles) this.#crls.set(file, { crl: this.#read(file), stamp: stampOf(file) });
    this.look();
  }

  start(): void {
    this.#timer ??= setInterval(() => this.look(), POLL_MS).unref();
  }

  /** @returns undefined while nobody knows: a list of its CA is too old */
  isRevoked(certificate: ClientCertificate, now: number): Trilean {
    if (!this.#revoked) return undefined;
    if (this.#revoked.has(idOf(certificate))) return true;
    const ofIssuer = [...this.#crls.values()].filter(({ crl }) => crl.issuer === certificate.issuer);
    if (ofIssuer.some(({ crl }) => crl.serials.has(certificate.serial))) return true;
    return ofIssuer.some(({ crl }) => now > crl.nextUpdate) ? undefined : false;
  }

  /** Reads what may have changed. */
  look(): void {
    this.#lookAtFolder();
    for (const file of this.#options.crlFiles) this.#lookAt(file);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #lookAtFolder(): void {
    const { folder, onEvent } = this.#options;
    if (folder === undefined) return;
    try {
      const changedAt = fs.statSync(folder, { throwIfNoEntry: false })?.mtimeMs;
      if (changedAt === this.#changedAt && this.#readAt - (changedAt ?? 0) > SAME_DATE_MS) return;
      this.#readAt = Date.now();
      this.#revoked = new Set(readRevoked(folder));
      this.#changedAt = changedAt;
      this.#isFailing = false;
    } catch (error) {
      // Until it can be read again, each certificate may be one of them.
      this.#revoked = undefined;
      this.#changedAt = undefined;
      this.#readAt = 0;
      if (!this.#isFailing) onEvent({ event: 'revocations-failed', message: messageOf(error), ...nameError(error) });
      this.#isFailing = true;
    }
  }

  /** A list that cannot be used, or is older, leaves the one before in force. */
  #lookAt(file: string): void {
    const stamp = stampOf(file);
    const held = this.#crls.get(file);
    if (!held || stamp === held.stamp || stamp === this.#refused.get(file)) return;
    try {
      const crl = this.#read(file);
      if (crl.issuer !== held.crl.issuer) throw unusable(file, 'is of another CA than before', undefined);
      if (crl.thisUpdate < held.crl.thisUpdate) throw unusable(file, 'is older than the one before', undefined);
      this.#crls.set(file, { crl, stamp });
    } catch (error) {
      this.#refused.set(file, stamp);
      this.#options.onEvent({ event: 'revocations-failed', message: messageOf(error), ...nameError(error) });
    }
  }

  #read(file: string): Crl {
    const { cas } = this.#options;
    try {
      if (fs.statSync(file).size > MAX_CRL_BYTES) throw new Error('is larger than 16 MiB');
      return readCrl(fs.readFileSync(file), cas());
    } catch (cause) {
      const isOfSystem = typeof (cause as NodeJS.ErrnoException).syscall === 'string';
      throw unusable(file, isOfSystem ? describeFileFault(cause) : (cause as Error).message, cause);
    }
  }
}

const messageOf = (error: unknown): string =>
  error instanceof ServerError || error instanceof RevocationError ? error.message : 'revocations cannot be read';

const unusable = (file: string, fault: string, cause: unknown): ServerError =>
  new ServerError(
    'CRL_UNUSABLE',
    `${file} ${fault}`,
    'Name a whole revocation list (PEM or DER), signed by a CA of the client certificates.',
    { cause },
  );

function stampOf(file: string): string {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  return stat ? `${stat.ino}:${stat.size}:${stat.mtimeMs}` : 'none';
}
