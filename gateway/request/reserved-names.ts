// Header names that only the gateway may set towards an application.
//
// Applications read names through CGI and WSGI, where `X_Real_IP` is `X-Real-IP`: names are
// compared by their letters and digits alone.

/**
 * Families of names, as letters and digits. Symfony and Drupal log in whom a header `PHP-Auth-User`
 * names: they look among headers for what PHP has made of `Authorization`.
 */
const OWN_PREFIX = 'credveil';
const PREFIXES = [OWN_PREFIX, 'xforwarded', 'phpauth'] as const;
const NAMES: ReadonlySet<string> = new Set(
  [
    'Exposed-Credential-Check',
    'Cf-Access-Jwt-Assertion',
    'Client-Cert',
    'Client-Cert-Chain',
    'Forwarded',
    'X-Real-IP',
    // What applications, frameworks and content networks take for the client's address.
    'Ali-CDN-Real-IP',
    'Cdn-Src-IP',
    'CF-Connecting-IP',
    'CF-Connecting-IPv6',
    'CF-Pseudo-IPv4',
    'Client-IP',
    'CloudFront-Viewer-Address',
    'DO-Connecting-IP',
    'Fastly-Client-IP',
    'Fly-Client-IP',
    'HTTP-Client-IP',
    'HTTP-X-Forwarded-For',
    'Incap-Client-IP',
    'Proxy-Client-IP',
    'Remote-Addr',
    'True-Client-IP',
    'WL-Proxy-Client-IP',
    'X-Appengine-User-IP',
    'X-Azure-ClientIP',
    'X-Azure-SocketIP',
    'X-Client-IP',
    'X-Cluster-Client-IP',
    'X-Envoy-External-Address',
    'X-NF-Client-Connection-IP',
    'X-Original-Forwarded-For',
    'X-Original-Remote-Addr',
    'X-Originating-IP',
    'X-ProxyUser-IP',
    'X-Remote-Addr',
    'X-Remote-IP',
    'X-Sucuri-ClientIP',
    'X-Vercel-Forwarded-For',
    // The path, host or method that some frameworks take instead of the request's own.
    'X-Original-URL',
    'X-Rewrite-URL',
    'X-Original-URI',
    'X-Original-Host',
    'X-Original-Method',
    'X-Request-URI',
    'X-Envoy-Original-Path',
    'X-HTTP-Method',
    'X-HTTP-Method-Override',
    'X-Method-Override',
    // CGI turns it into HTTP_PROXY.
    'Proxy',
  ].map(lettersOf),
);

/** A name by its letters and digits: `x_Real-IP` is `xrealip`. */
export function lettersOf(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** Whether only the gateway may send this name to an application. */
export function isReserved(letters: string): boolean {
  return NAMES.has(letters) || PREFIXES.some((prefix) => letters.startsWith(prefix));
}

/** What the gateway sends to every application: a second one would be taken for it. */
const SENT: ReadonlySet<string> = new Set(
  ['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'X-Real-IP', 'Exposed-Credential-Check'].map(lettersOf),
);

/** Whether a configuration may let clients send this name: it is reserved, and not sent. */
export const mayBeKept = (letters: string): boolean => isReserved(letters) && !SENT.has(letters) && !isOwn(letters);

/** Whether the name means the gateway itself, so that no application may answer with it. */
export const isOwn = (letters: string): boolean => letters.startsWith(OWN_PREFIX);

/** RFC 9110 §7.6.1: these describe one connection. `Trailer` is sent on where trailers are. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

const HOP_LETTERS: ReadonlySet<string> = new Set([...HOP_BY_HOP].map(lettersOf));

/** @param name in lower case */
export const isHopByHop = (name: string): boolean => HOP_BY_HOP.has(name);

/** Whether a CGI program reads the name as one of those: `Transfer_Encoding`. */
export const isHopByHopTwin = (letters: string): boolean => HOP_LETTERS.has(letters);

/**
 * A client that names one of these in `Connection` has the proxy remove it: its login would reach
 * the application without cookie, body type or address.
 */
const NEVER_NOMINATED: ReadonlySet<string> = new Set(
  ['Host', 'Cookie', 'Authorization', 'Content-Length', 'Content-Type', 'Content-Encoding', 'Origin', 'Range'].map(
    lettersOf,
  ),
);

/** Whether `Connection` may not name it. @param name in lower case */
export function isNeverNominated(name: string): boolean {
  const letters = lettersOf(name);
  return NEVER_NOMINATED.has(letters) || isReserved(letters);
}
