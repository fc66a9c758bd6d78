// Header names by which applications learn from a proxy who somebody is. Towards an application
// whose access the gateway decides, the gateway alone may say so.

import { rememberNames } from './remember-names.ts';
import { lettersOf } from './reserved-names.ts';

/** That their family or their end does not tell. */
const NAMES: ReadonlySet<string> = new Set(
  [
    'SM-Universalid',
    'Iv-Creds',
    'X-Proxied-Entities-Chain',
    'L5d-Client-Id',
    'X-SSO-Name',
    // Attributes of Shibboleth and SAML.
    'Eppn',
    'Persistent-Id',
    'Targeted-Id',
    'Affiliation',
    'Unscoped-Affiliation',
    'Entitlement',
    'Uid',
    'Cn',
    'Display-Name',
  ].map(lettersOf),
);

/** Families of names. */
const PREFIXES = [
  'Remote-',
  'X-Remote-',
  'X-Auth',
  'X-User',
  'X-Consumer-',
  'X-Credential-',
  'X-Anonymous-Consumer',
  'Cf-Access-',
  'X-Pomerium-',
  'X-Vouch-',
  'X-WEBAUTH-',
  'X-Goog-Authenticated-User-',
  'X-Goog-Iap',
  'X-Amzn-Oidc-',
  'X-Amzn-Mtls-',
  'X-MS-Client-Principal',
  'X-MS-Token-',
  'Tailscale-',
  'Ngrok-Auth-',
  'Kubeflow-',
  'Impersonate-',
  'X-Replit-User',
  'X-Sandstorm-',
  'X-Spiffe-',
  'X-Claim-',
  'X-Jwt-Claim',
  'X-Jwt-Payload',
  'X-Id-Token',
  'OIDC-',
  'X-OIDC-',
  'Auth-Mail',
  'Auth-Cn',
  'Mellon-',
  'Shib',
  'SSL-',
  'X-SSL-',
  'X-TLS-Client-',
  'X-ARR-ClientCert',
  'X-Client-Cert',
  'X-Client-DN',
  'X-Client-Verify',
].map(lettersOf);

/** Whatever proxy says it: of a user, groups, an e-mail address. */
const ENDS = [
  'User',
  'Username',
  'User-Id',
  'User-Name',
  'Email',
  'Email-Address',
  'Mail',
  'Login',
  'Group',
  'Groups',
  'Role',
  'Roles',
  'Identity',
  'Principal',
  'Subject',
  'Upn',
  'Jwt-Assertion',
  'Client-Certificate',
].map(lettersOf);

/** What CGI programs and servers before them put before a name. */
const CGI_PREFIXES = /^(?:http|redirect|ajp)+/;
/** Of browsers: `Sec-Fetch-User`. Scripts cannot set them. */
const OTHERS = /^(?:sec|xuseragent$)/;

/** By letters and digits. */
export const isIdentityName = rememberNames((letters) => {
  const name = letters.replace(CGI_PREFIXES, '');
  if (OTHERS.test(name)) return false;
  return NAMES.has(name) || PREFIXES.some((each) => name.startsWith(each)) || ENDS.some((each) => name.endsWith(each));
});
