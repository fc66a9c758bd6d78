// Why something about a provider failed, by the errors of the libraries. None of their texts is
// passed on: they repeat what was sent.

import { errors as jose } from 'jose';
import * as client from 'openid-client';
import { SignInError } from './provider.ts';

const CODE = /^[A-Za-z0-9_]{1,64}$/;
/** Of RFC 6749, RFC 6750 and OpenID Connect Core §3.1.2.6. Any other may be what somebody wrote. */
const ERRORS: ReadonlySet<unknown> = new Set([
  ...['invalid_request', 'unauthorized_client', 'access_denied', 'unsupported_response_type', 'invalid_scope'],
  ...['server_error', 'temporarily_unavailable', 'interaction_required', 'login_required', 'consent_required'],
  ...['account_selection_required', 'invalid_request_uri', 'invalid_request_object', 'request_not_supported'],
  ...['request_uri_not_supported', 'registration_not_supported', 'unmet_authentication_requirements'],
  ...['invalid_client', 'invalid_grant', 'unsupported_grant_type', 'invalid_token', 'insufficient_scope'],
]);

export function faultOf(error: unknown): SignInError {
  const known = knownIn(error);
  if (known) return known;
  const cause = { cause: error };
  if (error instanceof client.AuthorizationResponseError) {
    // RFC 6749 §4.1.2.1: these pass.
    const isAway = error.error === 'temporarily_unavailable' || error.error === 'server_error';
    return new SignInError(isAway ? 'away' : 'refused', asked(error.error), cause);
  }
  if (error instanceof client.ResponseBodyError)
    return new SignInError(error.status >= 500 ? 'away' : 'invalid', asked(error.error), cause);
  if (error instanceof jose.JWKSTimeout) return new SignInError('away', 'keys', cause);
  if (error instanceof jose.JOSEError) return new SignInError('invalid', named(error.code), cause);
  if (error instanceof client.ClientError) {
    const { cause: inner } = error;
    const status = inner instanceof Response ? inner.status : 0;
    const isAway = status >= 500 || status === 429 || error.code === 'OAUTH_TIMEOUT';
    return new SignInError(isAway ? 'away' : 'invalid', named(error.code), cause);
  }
  return new SignInError('invalid', 'unnamed', cause);
}

/** The libraries wrap what their requests throw. */
function knownIn(error: unknown): SignInError | undefined {
  let inner = error;
  for (let depth = 0; depth < 5 && inner instanceof Error; depth++, inner = inner.cause)
    if (inner instanceof SignInError) return inner;
  return undefined;
}

const asked = (code: unknown): string => (ERRORS.has(code) ? String(code) : 'unnamed');
const named = (code: unknown): string => (typeof code === 'string' && CODE.test(code) ? code : 'unnamed');
