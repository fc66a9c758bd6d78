// Why something about a provider failed, by the errors of the libraries. None of their texts is
// passed on: they repeat what was sent.

import { errors as jose } from 'jose';
import * as client from 'openid-client';
import { SignInError } from './provider.ts';

const CODE = /^[A-Za-z0-9_]{1,64}$/;

export function faultOf(error: unknown): SignInError {
  const known = knownIn(error);
  if (known) return known;
  const cause = { cause: error };
  if (error instanceof client.AuthorizationResponseError) {
    // RFC 6749 §4.1.2.1: these pass.
    const isAway = error.error === 'temporarily_unavailable' || error.error === 'server_error';
    return new SignInError(isAway ? 'away' : 'refused', named(error.error), cause);
  }
  if (error instanceof client.ResponseBodyError)
    return new SignInError(error.status >= 500 ? 'away' : 'invalid', named(error.error), cause);
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

const named = (code: unknown): string => (typeof code === 'string' && CODE.test(code) ? code : 'unnamed');
