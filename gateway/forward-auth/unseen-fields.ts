// What a proxy that asks does not send.

/**
 * Fields that no question has: of the connection, which ends at the proxy, and of the body, which
 * the proxy keeps.
 */
export const UNSEEN_FIELDS: ReadonlySet<string> = new Set([
  'http.request.version',
  'http.request.body.size',
  'cf.waf.auth_detected',
  'credveil.login.detected',
  'credveil.login.app',
  'cf.tls_version',
  'cf.tls_client_auth.cert_verified',
  'cf.tls_client_auth.cert_serial',
  'cf.tls_client_auth.cert_fingerprint_sha256',
]);
