// WebAuthn (Level 3): what authenticators are asked, and whether what comes back is theirs. The
// library verifies; which challenge, origin and credential count is decided here.

import type { X509Certificate } from 'node:crypto';
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { isOfMaker } from './attestation.ts';
import type { EnrolledMethod, KeyCredential, UserFactors, UserId } from './factor.ts';

export interface RelyingParty {
  /** Its only origin. */
  readonly origin: string;
  /** The host of it: `rpId`. */
  readonly host: string;
  /** Models that may be enrolled; undefined for all. */
  readonly aaguids: ReadonlySet<string> | undefined;
  /** CAs of their makers. */
  readonly cas: readonly X509Certificate[];
}

export type KeyMethod = Exclude<EnrolledMethod, 'totp'>;

/** Ed25519, ECDSA with P-256, RSA: what authenticators have. */
const ALGORITHMS = [-8, -7, -257];
const TIMEOUT_MS = 120_000;
/** Of attestations that have certificates: WebAuthn Level 3 §8. */
const FORMATS = ['android-key', 'android-safetynet', 'apple', 'fido-u2f', 'packed', 'tpm'] as const;
const TRANSPORTS: ReadonlySet<string> = new Set(['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb']);

/** For `navigator.credentials.create`, in JSON: WebAuthn Level 3 §5.1.8. */
export function creationOptions(
  { host, aaguids }: RelyingParty,
  { challenge, method, user }: { readonly challenge: string; readonly method: KeyMethod; readonly user: UserId },
  { handle, factors }: UserFactors,
) {
  const isVerified = method === 'biometrics';
  return {
    rp: { id: host, name: host },
    user: { id: handle, name: user, displayName: user },
    challenge,
    pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
    timeout: TIMEOUT_MS,
    excludeCredentials: factors.flatMap(({ key }) => (key ? [describe(key)] : [])),
    authenticatorSelection: {
      residentKey: isVerified ? 'preferred' : 'discouraged',
      requireResidentKey: false,
      userVerification: isVerified ? 'required' : 'preferred',
      authenticatorAttachment: isVerified ? 'platform' : 'cross-platform',
    },
    hints: [isVerified ? 'client-device' : 'security-key'],
    attestation: aaguids ? 'direct' : 'none',
  };
}

/** For `navigator.credentials.get`: §5.1.9. */
export function requestOptions({ host }: RelyingParty, challenge: string, keys: UserFactors['factors']) {
  return {
    rpId: host,
    challenge,
    timeout: TIMEOUT_MS,
    userVerification: keys.some(({ method }) => method === 'biometrics') ? 'required' : 'preferred',
    allowCredentials: keys.flatMap(({ key }) => (key ? [describe(key)] : [])),
  };
}

const describe = ({ id, transports }: KeyCredential) => ({ type: 'public-key', id, transports });

/** The challenge that a response is to, as its client wrote it; undefined if it names none. */
export function challengeIn(response: RegistrationResponseJSON | AuthenticationResponseJSON): string | undefined {
  try {
    const data = JSON.parse(Buffer.from(response.response.clientDataJSON, 'base64url').toString('utf8')) as {
      readonly challenge?: unknown;
    };
    return typeof data.challenge === 'string' ? data.challenge : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the page was the gateway's own, and in nobody's frame: §5.8.1. */
function isOfOwnPage({ clientDataJSON }: { readonly clientDataJSON: string }): boolean {
  const data = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString('utf8')) as Record<string, unknown>;
  return data.crossOrigin !== true && data.topOrigin === undefined;
}

export type Verified<Value> = { readonly verified: Value } | { readonly refused: 'invalid' | 'model' };

/** @param challenge that was drawn for this enrolment, and is used now */
export async function verifyCreation(
  { origin, host, aaguids, cas }: RelyingParty,
  { challenge, method }: { readonly challenge: string; readonly method: KeyMethod },
  response: RegistrationResponseJSON,
): Promise<Verified<KeyCredential>> {
  const { verifyRegistrationResponse, SettingsService } = await import('@simplewebauthn/server');
  const { decodeAttestationObject, isoBase64URL } = await import('@simplewebauthn/server/helpers');
  // Without any, chains are nobody's but ours to judge.
  for (const identifier of FORMATS) SettingsService.setRootCertificates({ identifier, certificates: [] });
  try {
    const { verified, registrationInfo: info } = await verifyRegistrationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: host,
      requireUserVerification: method === 'biometrics',
      supportedAlgorithmIDs: ALGORITHMS,
    });
    if (!verified || !info || !isOfOwnPage(response.response)) return { refused: 'invalid' };
    const statement = decodeAttestationObject(isoBase64URL.toBuffer(response.response.attestationObject)).get(
      'attStmt',
    );
    // Without a chain to its maker, a model is what anybody says.
    if (aaguids && !(aaguids.has(info.aaguid) && isOfMaker(statement.get('x5c'), cas, Date.now())))
      return { refused: 'model' };
    const { credential, aaguid } = info;
    const { id, publicKey, counter, transports = [] } = credential;
    return {
      verified: {
        ...{ id, counter, aaguid, publicKey: Buffer.from(publicKey).toString('base64url') },
        transports: transports.filter((each) => TRANSPORTS.has(each)),
      },
    };
  } catch {
    return { refused: 'invalid' };
  }
}

/** @returns the counter of the authenticator now */
export async function verifyAssertion(
  { origin, host }: RelyingParty,
  {
    challenge,
    method,
    key,
    handle,
  }: {
    readonly challenge: string;
    readonly method: EnrolledMethod;
    readonly key: KeyCredential;
    readonly handle: string;
  },
  response: AuthenticationResponseJSON,
): Promise<Verified<number>> {
  const { verifyAuthenticationResponse } = await import('@simplewebauthn/server');
  const { userHandle } = response.response;
  if (userHandle !== undefined && userHandle !== handle) return { refused: 'invalid' };
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: host,
      requireUserVerification: method === 'biometrics',
      credential: {
        id: key.id,
        publicKey: new Uint8Array(Buffer.from(key.publicKey, 'base64url')),
        counter: key.counter,
      },
    });
    if (!verified || !isOfOwnPage(response.response)) return { refused: 'invalid' };
    return { verified: authenticationInfo.newCounter };
  } catch {
    return { refused: 'invalid' };
  }
}
