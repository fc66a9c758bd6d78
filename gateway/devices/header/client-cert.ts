// The header Client-Cert, by which a proxy that ends TLS tells whose certificate it saw: RFC 9440.
// The chain is verified here again, since the proxy may know more CAs.

import { createHash, X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import { readPem } from '../../../runtime/tls.ts';
import { headerValues } from '../../header-pairs.ts';
import { MAX_GIVEN } from '../certificate/chain.ts';
import { readShown, type ShownCertificate } from '../certificate/client-certificate.ts';
import { readCertificates } from '../certificate/pem.ts';

const CERTIFICATE = 'client-cert';
const CHAIN = 'client-cert-chain';
/** RFC 8941 §3.3.5, without parameters. */
const BYTES = /^:([A-Za-z0-9+/]{4,32768}={0,2}):$/;
const MAX_KNOWN = 1_000;
const LOOK_MS = 500;

/** Names and values in turn. @param reserved of a head */
export const clientCertHeaders = (reserved: readonly string[]): string[] =>
  reserved.flatMap((name, i) =>
    i % 2 === 0 && [CERTIFICATE, CHAIN].includes(name.toLowerCase()) ? [name, reserved[i + 1] as string] : [],
  );

export class ClientCertHeader {
  readonly #caFile: string;
  readonly #known = new Map<string, ShownCertificate | undefined>();
  #cas: readonly X509Certificate[];
  #stamp: string;
  #lookedAt = performance.now();

  /** @throws ServerError `TLS_FILE_UNREADABLE` */
  constructor(caFile: string) {
    this.#caFile = caFile;
    this.#stamp = stampOf(caFile);
    this.#cas = casIn(caFile);
  }

  get cas(): readonly X509Certificate[] {
    return this.#cas;
  }

  /**
   * What a trusted proxy has seen; undefined without a certificate that leads to the CAs, or with
   * more than one.
   */
  shownIn(reserved: readonly string[]): ShownCertificate | undefined {
    const headers = clientCertHeaders(reserved);
    if (headers.length === 0) return undefined;
    this.#look();
    const key = createHash('sha256').update(JSON.stringify(headers)).digest('base64url');
    if (this.#known.has(key)) return this.#known.get(key);
    const shown = readHeaders(headers, this.#cas);
    const [oldest] = this.#known.keys();
    if (this.#known.size >= MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(key, shown);
    return shown;
  }

  /** Without CAs that can be read, nobody has a certificate. */
  #look(): void {
    if (performance.now() - this.#lookedAt < LOOK_MS) return;
    this.#lookedAt = performance.now();
    const stamp = stampOf(this.#caFile);
    if (stamp === this.#stamp) return;
    this.#stamp = stamp;
    this.#known.clear();
    try {
      this.#cas = casIn(this.#caFile);
    } catch {
      this.#cas = [];
    }
  }
}

const casIn = (file: string): readonly X509Certificate[] => readCertificates(readPem(file).toString());

function stampOf(file: string): string {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  return stat ? `${stat.ino}:${stat.size}:${stat.mtimeMs}` : 'none';
}

function readHeaders(headers: readonly string[], cas: readonly X509Certificate[]): ShownCertificate | undefined {
  const [value, ...more] = headerValues(headers, CERTIFICATE);
  const leaf = value === undefined || more.length > 0 ? undefined : certificateIn(value);
  if (!leaf) return undefined;
  const items = headerValues(headers, CHAIN).flatMap((line) => line.split(','));
  if (items.length > MAX_GIVEN) return undefined;
  const given = items.map((item) => certificateIn(item.trim()));
  return given.every((each) => each !== undefined) ? readShown(leaf, given, cas, { isStrict: true }) : undefined;
}

function certificateIn(item: string): X509Certificate | undefined {
  const [, base64] = BYTES.exec(item) ?? [];
  if (base64 === undefined) return undefined;
  const der = Buffer.from(base64, 'base64');
  if (der.toString('base64') !== base64) return undefined;
  try {
    const certificate = new X509Certificate(der);
    // node reads PEM, and what stands behind a certificate, too.
    return certificate.raw.equals(der) ? certificate : undefined;
  } catch {
    return undefined;
  }
}
