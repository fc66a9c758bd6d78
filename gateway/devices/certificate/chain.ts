// The chain from a certificate to a CA: RFC 5280 §6, as far as issuers and signatures go. OpenSSL
// has judged the chain of a connection; who issued a certificate is found here, by keys.

import type { X509Certificate } from 'node:crypto';

/** Between a certificate and its CA. */
const MAX_BETWEEN = 4;
/** Certificates that somebody may send along. */
export const MAX_GIVEN = 8;

export interface Chain {
  /** Whose key signed the certificate. */
  readonly issuer: X509Certificate;
  /** From the certificate to the CA. */
  readonly certificates: readonly X509Certificate[];
}

/**
 * The shortest one. Looks at each certificate once, so that many of one name cost no more.
 * @param cas end a chain, whoever signed them
 */
export function chainOf(
  leaf: X509Certificate,
  given: readonly X509Certificate[],
  cas: readonly X509Certificate[],
): Chain | undefined {
  if (cas.some((each) => each.raw.equals(leaf.raw)))
    return isSigned(leaf, leaf) ? { issuer: leaf, certificates: [leaf] } : undefined;
  let left = given.slice(0, MAX_GIVEN).filter(({ ca }) => ca);
  let paths: (readonly X509Certificate[])[] = [[leaf]];
  for (let between = 0; between <= MAX_BETWEEN; between++) {
    const next: (readonly X509Certificate[])[] = [];
    for (const path of paths) {
      const last = path.at(-1) as X509Certificate;
      const ca = cas.find((each) => isIssuedBy(last, each));
      if (ca) return { issuer: path[1] ?? ca, certificates: [...path, ca] };
      const issuers = left.filter((each) => isIssuedBy(last, each));
      left = left.filter((each) => !issuers.includes(each));
      next.push(...issuers.map((each) => [...path, each]));
    }
    paths = next;
  }
  return undefined;
}

/** By its name and key usage, and by its signature. */
const isIssuedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
  issuer.ca && certificate.checkIssued(issuer) && isSigned(certificate, issuer);

function isSigned(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.verify(issuer.publicKey);
  } catch {
    // A key of another kind.
    return false;
  }
}
