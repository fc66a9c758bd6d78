// Which certificate the client of a request has: judged for each request, from memory.

import type { Address } from '../addresses/address.ts';
import type { AddressRange } from '../addresses/network.ts';
import { isIn } from '../request/client-address.ts';
import type { ClientCertificate, ShownCertificate } from './client-certificate.ts';

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
}

export class Devices {
  readonly #trustedProxies: readonly AddressRange[];

  constructor({ trustedProxies }: DevicesOptions) {
    this.#trustedProxies = trustedProxies;
  }

  /**
   * Of the client of a request. A proxy's own certificate says nothing of its clients.
   * @param now milliseconds since 1970
   */
  ofClient(peer: Shown, now: number): CertificateFact {
    return isIn(this.#trustedProxies, peer.address) ? undefined : this.ofConnection(peer, now);
  }

  /** Of whoever made the connection. */
  ofConnection({ certificate, trust }: Shown, now: number): CertificateFact {
    return certificate && trust?.isCurrent === true ? this.judge(certificate, now) : undefined;
  }

  /** Whether it counts now. */
  judge({ certificate, notBefore, notAfter }: ShownCertificate, now: number): CertificateFact {
    return now >= notBefore && now <= notAfter ? certificate : undefined;
  }
}
