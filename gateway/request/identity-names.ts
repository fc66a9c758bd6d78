// Header names by which applications learn from a proxy who somebody is. Towards an application
// whose access the gateway decides, the gateway alone may say so.

import { rememberNames } from './remember-names.ts';
import { lettersOf } from './reserved-names.ts';

/** Of many proxies and services, as letters and digits. */
const NAMES: ReadonlySet<string> = new Set(
  [
    'Remote-User',
    'Remote-Groups',
    'Remote-Email',
    'Remote-Name',
    'X-Remote-User',
    'X-Remote-Groups',
    'X-Remote-Group',
    'X-Remote-Email',
    'X-Remote-Name',
    'X-Proxy-User',
    'X-Proxy-Remote-User',
    'X-Authenticated-User',
    'X-Authenticated-Userid',
    'X-Authenticated-Groups',
    'X-Auth-Username',
    'SM-User',
    'SM-Universalid',
    'Iv-User',
    'Iv-Groups',
    'OAM-Remote-User',
    'X-SSO-User',
    'X-Consumer-Username',
    'X-Credential-Identifier',
    'X-ARR-ClientCert',
    'X-Client-Cert',
    'X-Client-DN',
    'X-Client-Verify',
  ].map(lettersOf),
);

/** Families of names. */
const PREFIXES = [
  'Cf-Access-',
  'X-Auth-Request-',
  'X-Authentik-',
  'X-Authelia-',
  'X-Pomerium-',
  'X-Vouch-',
  'X-WEBAUTH-',
  'X-Goog-Authenticated-User-',
  'X-Goog-Iap-',
  'X-Amzn-Oidc-',
  'X-Amzn-Mtls-',
  'X-MS-Client-Principal',
  'X-MS-Token-',
  'Tailscale-User-',
  'OIDC-Claim-',
  'OIDC-Access-Token',
  'OIDC-Id-Token',
  'X-Userinfo',
  'Mellon-',
  'Shib-',
  'SSL-Client-',
  'X-SSL-Client-',
  'X-SSL-Cert',
].map(lettersOf);

/** By letters and digits. */
export const isIdentityName = rememberNames(
  (letters) => NAMES.has(letters) || PREFIXES.some((prefix) => letters.startsWith(prefix)),
);
