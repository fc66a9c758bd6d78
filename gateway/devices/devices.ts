// Which certificate the client of a request has: judged for each request, from memory.

import type { X509Certificate } from 'node:crypto';
import type { Address } from '../addresses/address.ts';
import type { AddressRange } from '../addresses/network.ts';
import { isIn } from '../request/client-address.ts';
import type { ClientCertificate, ShownCertificate } from './certificate/client-certificate.ts';
import type { ClientCertHeader } from './header/client-cert.ts';
import type { Revocations } from './revocation/revocations.ts';

/** `unknown` where nobody can tell whether it still counts. */
export type CertificateFact = ClientCertificate | 'unknown' | undefined;

/** A connection, as far as it says who made it. */
export interface Shown {
  readonly address: Address;
  readonly certificate?: ShownCertificate | undefined;
  /** Of the CAs by which the certificate was judged. */
  readonly trust?: { readonly isCurrent: boolean };
}

export interface DevicesOptions {
  readonly trustedProxies: readonly AddressRange[];
  /** Undefined where no certificate is asked for. */
  readonly revocations: Revocations | undefined;
  /** Where trusted proxies tell whose certificate they saw. */
  readonly header?: ClientCertHeader | undefined;
}

export class Devices {
  readonly #options: DevicesOptions;

  constructor(options: DevicesOptions) {
    this.#options = options;
  }

  /** Looks for what is revoked from now on. */
  start(): void {
    this.#options.revocations?.start();
  }

  close(): void {
    this.#options.revocations?.close();
  }

  /**
   * Of the client of a request. A proxy's own certificate says nothing of its clients.
   * @param reserved headers of the request, names and values in turn
   * @param now milliseconds since 1970
   */
  ofClient(connection: Shown, reserved: readonly string[], now: number): CertificateFact {
    const { trustedProxies, header } = this.#options;
    if (!isIn(trustedProxies, connection.address)) return this.ofConnection(connection, now);
    const shown = header?.shownIn(reserved);
    return shown && this.judge(shown, now);
  }

  /** Whose certificates count in headers. */
  get toldCas(): readonly X509Certificate[] {
    return this.#options.header?.cas ?? [];
  }

  /** Whether certificates of its requests are told by a header. */
  isTold({ address }: Shown): boolean {
    return this.#options.header !== undefined && isIn(this.#options.trustedProxies, address);
  }

  /** Of whoever made the connection. */
  ofConnection({ certificate, trust }: Shown, now: number): CertificateFact {
    return certificate && trust?.isCurrent === true ? this.judge(certificate, now) : undefined;
  }

  /** Whether it counts now. */
  judge(shown: ShownCertificate, now: number): CertificateFact {
    const { certificate, notBefore, notAfter } = shown;
    if (!(now >= notBefore && now <= notAfter)) return undefined;
    const { revocations } = this.#options;
    const isRevoked = revocations ? revocations.isRevoked(certificate, now) : false;
    if (isRevoked === undefined) return 'unknown';
    return isRevoked ? undefined : certificate;
  }

  /** Whether a connection is over: its certificate has expired, or was revoked. */
  isOver({ certificate }: Shown, now: number): boolean {
    return certificate !== undefined && this.judge(certificate, now) === undefined;
  }
}
