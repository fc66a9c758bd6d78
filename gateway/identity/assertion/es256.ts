// ES256: ECDSA on P-256 with SHA-256 (RFC 7518 §3.4), its keys, and tokens signed by it.

import { createPublicKey, generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto';

/** RFC 7517, of a public key. */
export interface PublicJwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
  readonly kid: string;
  readonly use: 'sig';
  readonly alg: 'ES256';
}

export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly jwk: PublicJwk;
}

export const createPrivateKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

/** Its id is the thumbprint of RFC 7638. */
export function signingKeyOf(privateKey: KeyObject): SigningKey {
  const { x = '', y = '' } = createPublicKey(privateKey as never).export({ format: 'jwk' });
  const kid = hash('sha256', JSON.stringify({ crv: 'P-256', kty: 'EC', x, y }), 'base64url');
  return { privateKey, jwk: { kty: 'EC', crv: 'P-256', x, y, kid, use: 'sig', alg: 'ES256' } };
}

/** A JSON Web Token in its compact form: RFC 7519, RFC 7515 §7.1. */
export function signToken(claims: object, { privateKey, jwk }: SigningKey): string {
  const head = { alg: 'ES256', typ: 'JWT', kid: jwk.kid };
  const text = `${encode(head)}.${encode(claims)}`;
  return `${text}.${sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
