// What an operator does about a sign-in that failed, by its reason.

/** Groups of reasons: of the platform, of OpenSSL, of RFC 6749 and of the libraries. */
const HINTS: readonly (readonly [reasons: RegExp, hint: string])[] = [
  [
    /^(?:ECONNREFUSED|ECONNRESET|EPIPE|UND_ERR_SOCKET)$/,
    'Nothing answers at the address of the provider: look whether it runs there.',
  ],
  [/^(?:ENOTFOUND|EAI_AGAIN)$/, 'The name of the provider does not resolve on this machine: correct it, or the DNS.'],
  [
    /^(?:ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|UND_ERR_.*TIMEOUT|OAUTH_TIMEOUT|timeout|keys)$/,
    'The provider cannot be reached from this machine: look at the network and firewalls between them.',
  ],
  [
    /SELF_SIGNED|UNABLE_TO_|CERT_UNTRUSTED/,
    'Nobody whom this machine trusts has issued the certificate of the provider: name its CA in caFile.',
  ],
  [
    /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/,
    'The certificate of the provider is not within its dates: renew it there, or correct the clock here.',
  ],
  [/ALTNAME_INVALID/, 'The certificate of the provider has another name: write the address that it has.'],
  [
    /^(?:invalid_client|unauthorized_client)$/,
    'The provider does not know this clientId with this secret: compare both with what it shows.',
  ],
  [
    /^invalid_grant$/,
    'The provider takes its own code back: compare the redirect URI that it has with https://AUTH/callback/PROVIDER.',
  ],
  [/^invalid_scope$/, 'The provider does not let this client ask for all of scopes.'],
  [
    /TIMESTAMP|^ERR_JWT_EXPIRED$/,
    'The token is not of now: compare the clock of this machine with that of the provider.',
  ],
  [
    /^OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED$/,
    'The provider calls itself otherwise: write oidc as the issuer of its document.',
  ],
  [
    /^(?:OAUTH_RESPONSE_IS_NOT_(?:CONFORM|JSON)|OAUTH_PARSE_ERROR|status 40\d)$/,
    'Something else than this provider answers there: correct its address.',
  ],
];

/** @returns undefined where the reason says all that there is */
export const hintFor = (reason: string): string | undefined => HINTS.find(([reasons]) => reasons.test(reason))?.[1];
