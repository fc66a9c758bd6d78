// Signing keys from seeds, statements and heads, for tests of what is signed.

import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import type { DatasetId, KeyId, LayerId } from '../../../protocol/brands.ts';
import type { Signer } from '../../../protocol/signed/envelope.ts';
import type { Head } from '../../../protocol/signed/head.ts';
import type { Statement } from '../../../protocol/signed/statement.ts';
import { type SigningUse, signingKeyId } from '../../../protocol/signed/trust.ts';

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The code of the error that `act` throws; 'nothing' if it returns. */
export function errorCode(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return 'nothing';
}

export interface Ed25519 {
  readonly privateKey: KeyObject;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** @param seed 64 hex digits */
export function ed25519FromSeed(seed: string): Ed25519 {
  // RFC 8410: PKCS #8 with the seed at its end.
  const der = Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex');
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  return { privateKey, publicKey: Uint8Array.from(Buffer.from(x, 'base64url')) };
}

/** A signer whose key follows from a number. */
export function createSigner(use: SigningUse, number: number): Signer & { readonly publicKey: Uint8Array } {
  const { privateKey, publicKey } = ed25519FromSeed(number.toString(16).padStart(64, '0'));
  return { publicKey, keyid: signingKeyId(use, publicKey), sign: (message) => sign(null, message, privateKey) };
}

export const STATEMENT: Statement = {
  protocol: 2,
  dataset: '0123456789abcdef' as DatasetId,
  sequence: 7,
  minSequence: 1,
  suite: 'hmac',
  normalization: 1,
  keyId: '65b555284e0d41a7' as KeyId,
  auth: 'mac',
  publishedAt: '2026-01-02T03:04:05Z',
  layers: [
    {
      id: '000102030405060708090a0b0c0d0e0f' as LayerId,
      indexes: {
        account: { prefixBits: 10, entries: 2100, usernames: 1040, metadataBytes: 1, bodyBytes: [5328] },
        password: { prefixBits: 9, entries: 900, metadataBytes: 1, bodyBytes: [5328, 6016] },
      },
      filter: { bytes: 1104, blocks: 32, sha256: 'ab'.repeat(32) },
    },
  ],
  sources: { sha256: 'cd'.repeat(32), bytes: 120 },
  canary: { accountHash: '57c5e341', tag: 'b4f1263cdac3' },
};

/** The same with signatures. */
export const SIGNED_STATEMENT: Statement = {
  ...STATEMENT,
  auth: 'signature',
  layers: [
    {
      ...STATEMENT.layers[0],
      indexes: {
        account: {
          prefixBits: 10,
          entries: 2100,
          usernames: 1040,
          metadataBytes: 1,
          bodyBytes: [5328],
          root: 'ef'.repeat(32),
        },
      },
    },
  ].map(({ filter: _, ...layer }) => layer) as unknown as Statement['layers'],
  headKeys: [{ key: '11'.repeat(32), notAfter: '2027-01-02T03:04:05Z' }],
};

export const HEAD: Head = {
  protocol: 2,
  dataset: STATEMENT.dataset,
  sequence: 7,
  statement: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  issuedAt: '2026-01-02T03:04:05Z',
  validUntil: '2026-01-03T04:04:05Z',
};
