// RISC credential-compromise as a Security Event Token: RFC 8417, pushed as in RFC 8935.

import { createPublicKey, type KeyObject } from 'node:crypto';
import type { JWK, JWTPayload } from 'jose';
import type { AccountLeaked, NotifyEvent, StoredEvent, TestEvent, WatchFound } from '../events.ts';
import type { Sink } from '../sink.ts';
import { describeEvent } from './describe-event.ts';
import { createPostingSink, type PostingOptions } from './posting-sink.ts';

const CREDENTIAL_COMPROMISE = 'https://schemas.openid.net/secevent/risc/event-type/credential-compromise';
/** The event of the Shared Signals Framework that asks for no action. */
const VERIFICATION = 'https://schemas.openid.net/secevent/ssf/event-type/verification';

/** How a token names an account (RFC 9493). */
export type SubjectFormat = { readonly format: 'opaque' } | { readonly format: 'iss_sub'; readonly iss: string };

export interface SigningJwk {
  readonly key: KeyObject;
  readonly alg: string;
  readonly kid: string;
}

export interface RiscOptions extends PostingOptions {
  readonly signing: SigningJwk;
  readonly issuer: string;
  readonly audience: string;
  readonly subject: SubjectFormat;
  /** The value of the header Authorization. */
  readonly authorization?: string;
}

/** RISC has no event for a name without a password, nor for alarms of a service. */
const isSent = (event: NotifyEvent): event is AccountLeaked | WatchFound | TestEvent =>
  event.type === 'account.leaked' || event.type === 'watch.found' || event.type === 'credveil.test';

export function createRiscSink(options: RiscOptions): Sink {
  const { accepts, authorization } = options;
  const headers = {
    'content-type': 'application/secevent+jwt',
    accept: 'application/json',
    ...(authorization !== undefined && { authorization }),
  };
  return createPostingSink({ ...options, accepts: (event) => isSent(event) && accepts(event) }, async (event) => ({
    headers,
    body: await signToken(event, options),
  }));
}

/** A Security Event Token. The same event has the same claims in each attempt. */
export async function signToken(
  { id, atMs, event }: StoredEvent,
  { signing, issuer, audience, subject }: Pick<RiscOptions, 'signing' | 'issuer' | 'audience' | 'subject'>,
): Promise<string> {
  if (!isSent(event)) throw new TypeError(`RISC has no event for ${event.type}`);
  const { SignJWT } = await import('jose');
  const seconds = Math.floor(atMs / 1000);
  return new SignJWT({ ...claimsOf(event, seconds, subject), toe: seconds })
    .setProtectedHeader({ alg: signing.alg, kid: signing.kid, typ: 'secevent+jwt' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt(seconds)
    .setJti(id)
    .sign(signing.key);
}

function claimsOf(event: AccountLeaked | WatchFound | TestEvent, seconds: number, subject: SubjectFormat): JWTPayload {
  if (event.type === 'credveil.test')
    return { sub_id: { format: 'opaque', id: 'credveil' }, events: { [VERIFICATION]: { state: event.nonce } } };
  const { account } = event;
  return {
    sub_id: subject.format === 'opaque' ? { format: 'opaque', id: account } : { ...subject, sub: account },
    events: {
      [CREDENTIAL_COMPROMISE]: {
        credential_type: 'password',
        event_timestamp: seconds,
        reason_admin: { en: describeEvent(event) },
      },
    },
  };
}

const ALGORITHMS: { readonly [curve: string]: string } = { 'P-256': 'ES256', 'P-384': 'ES384', Ed25519: 'EdDSA' };

/** @returns undefined for a kind of key that is not used here */
export async function describeSigningKey(key: KeyObject, kid?: string): Promise<SigningJwk | undefined> {
  const { alg, ...jwk } = await publicJwk(key);
  return alg === undefined ? undefined : { key, alg, kid: kid ?? (jwk.kid as string) };
}

/** The public half, as receivers need it, with its thumbprint (RFC 7638) as `kid`. */
export async function publicJwk(key: KeyObject): Promise<JWK> {
  const { calculateJwkThumbprint } = await import('jose');
  const jwk = createPublicKey(key).export({ format: 'jwk' }) as JWK;
  const alg = jwk.kty === 'RSA' ? 'RS256' : ALGORITHMS[jwk.crv ?? ''];
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), use: 'sig', ...(alg !== undefined && { alg }) };
}
