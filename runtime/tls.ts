// TLS in process: certificate and key from files, read again when they change. A pair that does not
// work is refused.

import { createPrivateKey, hkdfSync, randomBytes, X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createSecureContext, type SecureContextOptions, TLSSocket, type TlsOptions } from 'node:tls';
import { ServerError, type ServerErrorCode } from './errors.ts';
import { nameError, type OnEvent } from './events.ts';
import { describeFileFault } from './file-fault.ts';

export interface TlsFileOptions {
  /** PEM: the certificate, then those between it and its root. */
  readonly certFile: string;
  /** PEM: the private key, without a passphrase. */
  readonly keyFile: string;
  /** PEM: the CAs of client certificates. With it the server requests a client certificate. */
  readonly caFile?: string;
  /**
   * Refuses connections without a valid client certificate. Default false: `clientFingerprint` is
   * undefined for requests without one.
   */
  readonly requireClientCertificate?: boolean;
  /**
   * Equal in all processes behind one port, so that a session of one is resumed by another.
   * Default: random.
   */
  readonly ticketSecret?: Uint8Array;
}

/** RFC 6797: returning browsers and other clients use only TLS, for a year. */
export const STRICT_TRANSPORT_SECURITY = ['Strict-Transport-Security', 'max-age=31536000'] as const;

const MIN_VERSION = 'TLSv1.2';
/** From when on the operator is reminded. */
const EXPIRING_MS = 14 * 86_400_000;
const MAX_FILE_BYTES = 2 ** 20;
/** The parts of Node's ticketKeys. */
const TICKET_KEY_BYTES = 48;

interface Pem {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer | undefined;
}

/** Owns the last valid content of the files, and checks them for changes. */
export class TlsFiles {
  readonly #options: TlsFileOptions;
  readonly #onEvent: OnEvent;
  readonly #ticketSecret: Uint8Array;
  readonly #timer: NodeJS.Timeout;
  #context: SecureContextOptions & TlsOptions;
  /** The file versions that were last loaded or refused, and those last seen. */
  #judged: string;
  #seen: string;
  #notAfter = 0;
  /** Of the certificate in use, as far as it was reported. */
  #age: 'tls-expiring' | 'tls-expired' | undefined;
  #onChange: (context: SecureContextOptions & TlsOptions) => void = () => undefined;

  /** @throws ServerError `TLS_FILE_UNREADABLE`, `TLS_FILES_INVALID` */
  constructor(options: TlsFileOptions, pollIntervalMs: number, onEvent: OnEvent) {
    this.#options = options;
    this.#onEvent = onEvent;
    this.#ticketSecret = options.ticketSecret ?? randomBytes(TICKET_KEY_BYTES);
    this.#judged = this.#seen = this.#stamp();
    this.#context = this.#load();
    // Operators replace the files one after the other, so a reload waits until they are stable.
    this.#timer = setInterval(() => {
      const stamp = this.#stamp();
      if (stamp === this.#seen && stamp !== this.#judged) this.reload();
      this.#seen = stamp;
      this.#reportAge();
    }, pollIntervalMs);
  }

  /** For a server of node:tls or node:https, and its `setSecureContext`. */
  get context(): SecureContextOptions & TlsOptions {
    return this.#context;
  }

  onChange(listener: (context: SecureContextOptions & TlsOptions) => void): void {
    this.#onChange = listener;
  }

  /** Reads the files now and reports the result in an event. Invalid files change nothing. */
  reload(): void {
    this.#judged = this.#seen = this.#stamp();
    try {
      this.#context = this.#load();
      this.#onChange(this.#context);
    } catch (error) {
      const message = error instanceof ServerError ? error.message : 'the new TLS files could not be used';
      this.#onEvent({ event: 'tls-refused', message, ...nameError(error) });
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #load(): SecureContextOptions & TlsOptions {
    const { certFile, keyFile, caFile, requireClientCertificate = false } = this.#options;
    const pem: Pem = {
      cert: readPem(certFile),
      key: readPem(keyFile),
      ca: caFile === undefined ? undefined : readPem(caFile),
    };
    const { cert, key, ca } = pem;
    const context = { cert, key, minVersion: MIN_VERSION, ...(ca && { ca }) } as const;
    const leaf = parsed(`${certFile} has no certificate`, () => new X509Certificate(cert));
    // OpenSSL takes a file without any certificate for an empty list.
    if (ca) parsed(`${caFile} has no certificate`, () => new X509Certificate(ca));
    const own = parsed(`${keyFile} has no private key that can be read`, () => createPrivateKey(key));
    if (!leaf.checkPrivateKey(own))
      throw tlsError(
        'TLS_FILES_INVALID',
        `the private key in ${keyFile} is not that of the certificate in ${certFile}`,
        undefined,
      );
    parsed(`certificate, private key and CA in ${certFile} and ${keyFile} do not match`, () =>
      createSecureContext(context),
    );
    this.#notAfter = Date.parse(leaf.validTo);
    this.#age = undefined;
    this.#onEvent({ event: 'tls-loaded', notAfter: new Date(this.#notAfter).toISOString() });
    this.#reportAge();
    return {
      ...context,
      requestCert: ca !== undefined,
      rejectUnauthorized: requireClientCertificate,
      ticketKeys: this.#ticketKeys(pem),
    };
  }

  /**
   * Once for each certificate and age. Clients judge it themselves, so that it is served all the
   * same.
   */
  #reportAge(): void {
    const leftMs = this.#notAfter - Date.now();
    const age = leftMs <= 0 ? 'tls-expired' : leftMs < EXPIRING_MS ? 'tls-expiring' : undefined;
    if (age === this.#age) return;
    this.#age = age;
    if (!age) return;
    const notAfter = new Date(this.#notAfter).toISOString();
    const what = age === 'tls-expired' ? 'expired' : 'expires';
    this.#onEvent({
      event: age,
      code: age === 'tls-expired' ? 'TLS_CERTIFICATE_EXPIRED' : 'TLS_CERTIFICATE_EXPIRING',
      notAfter,
      message: `the certificate in ${this.#options.certFile} ${what} on ${notAfter.slice(0, 10)}`,
      hint: 'Renew it and replace the files; they are read again when they change.',
    });
  }

  /** Sessions end when their files change: a removed CA must not authenticate clients. */
  #ticketKeys({ cert, ca }: Pem): Buffer {
    const salt = Buffer.concat([cert, ca ?? Buffer.alloc(0)]);
    return Buffer.from(hkdfSync('sha256', this.#ticketSecret, salt, 'credveil session tickets', TICKET_KEY_BYTES));
  }

  /**
   * Changes with any of the files, whether it is rewritten, replaced by a rename, or a link that
   * now points elsewhere.
   */
  #stamp(): string {
    const { certFile, keyFile, caFile } = this.#options;
    return [certFile, keyFile, ...(caFile === undefined ? [] : [caFile])].map(stampFile).join();
  }
}

/** @throws ServerError `TLS_FILES_INVALID` */
function parsed<Value>(fault: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (cause) {
    throw tlsError('TLS_FILES_INVALID', fault, cause);
  }
}

function stampFile(file: string): string {
  try {
    const { dev, ino, size, mtimeNs } = fs.statSync(file, { bigint: true });
    return `${dev}:${ino}:${size}:${mtimeNs}`;
  } catch {
    // Reading the file will report the cause.
    return 'unreadable';
  }
}

/** @throws ServerError `TLS_FILE_UNREADABLE` */
export function readPem(file: string): Buffer {
  try {
    const stat = fs.statSync(file);
    if (!stat.isFile() || stat.size > MAX_FILE_BYTES)
      throw new Error('not a regular file of a size that PEM files have');
    return fs.readFileSync(file);
  } catch (cause) {
    throw tlsError('TLS_FILE_UNREADABLE', `TLS file ${file} ${describeFault(cause)}`, cause);
  }
}

function describeFault(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  return code === undefined ? `is ${message}` : describeFileFault(cause);
}

export function tlsError(code: ServerErrorCode, message: string, cause: unknown): ServerError {
  return new ServerError(
    code,
    message,
    'Use PEM files that this user can read, and the key of the certificate without a passphrase.',
    { cause },
  );
}

/**
 * SHA-256 of the client certificate of a request, as hex pairs with colons. Undefined without a
 * certificate, or if the CA did not sign it.
 */
export function clientFingerprint({ socket }: IncomingMessage): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  return socket.getPeerX509Certificate()?.fingerprint256;
}
