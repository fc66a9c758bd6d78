// Why an application was not reached, for the operator: the client learns only that it was not.

export interface UpstreamFault {
  readonly code: string;
  readonly hint: string;
}

const UNTRUSTED: UpstreamFault = {
  code: 'UPSTREAM_TLS_UNTRUSTED',
  hint: 'Name the CA that signed the certificate of the application with upstream.caFile.',
};
const EXPIRED: UpstreamFault = {
  code: 'UPSTREAM_TLS_EXPIRED',
  hint: 'Renew the certificate of the application, or set the clock of this machine.',
};
const FAULTS: { readonly [code: string]: UpstreamFault } = {
  ECONNREFUSED: { code: 'UPSTREAM_REFUSED', hint: 'Start the application, or correct "to": nothing listens there.' },
  ENOTFOUND: { code: 'UPSTREAM_UNKNOWN', hint: 'Correct the host in "to": it has no address.' },
  UND_ERR_CONNECT_TIMEOUT: {
    code: 'UPSTREAM_SILENT',
    hint: 'Let the firewall pass connections to the application, or correct "to".',
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    code: 'UPSTREAM_TLS_NAME',
    hint: 'Set upstream.serverName to a name in the certificate of the application.',
  },
  CERT_HAS_EXPIRED: EXPIRED,
  CERT_NOT_YET_VALID: EXPIRED,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  CERT_SIGNATURE_FAILURE: UNTRUSTED,
  CERT_UNTRUSTED: UNTRUSTED,
  CERT_REJECTED: UNTRUSTED,
  CERT_REVOKED: UNTRUSTED,
  INVALID_CA: UNTRUSTED,
  INVALID_PURPOSE: UNTRUSTED,
};
const REFUSED_BY_IT: UpstreamFault = {
  code: 'UPSTREAM_TLS_REFUSED',
  hint: 'The application refuses the handshake: it may want a certificate, upstream.certFile and keyFile.',
};
/** All its connections are in use. */
export const BUSY: UpstreamFault = {
  code: 'UPSTREAM_BUSY',
  hint: 'Find out what keeps the application, or raise upstream.maxConnections if it can take more.',
};
const OTHER: UpstreamFault = {
  code: 'UPSTREAM_FAILED',
  hint: 'Look into the log of the application for this time.',
};

/** @param error of the connection to it */
export function faultOf({ code = '' }: { readonly code?: string | undefined }): UpstreamFault {
  const known = FAULTS[code];
  if (known) return known;
  return /^ERR_SSL_|^EPROTO$/.test(code) ? REFUSED_BY_IT : OTHER;
}
