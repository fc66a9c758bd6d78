// Verifying Ed25519 signatures (RFC 8032) of publishers and head keys: PROTOCOL.md §8. A module of
// its own: clients that authenticate with a MAC do not load a curve.

import { ed25519 } from '@noble/curves/ed25519.js';
import type { Verifier } from './envelope.ts';
import { type SigningUse, signingKeyId } from './trust.ts';

export const SIGNATURE_BYTES = 64;

/**
 * Verifies signatures of one key. Refuses S of L or more, encodings that are not canonical, and
 * public keys of small order.
 */
export function createEd25519Verifier(use: SigningUse, publicKey: Uint8Array): Verifier {
  return {
    keyid: signingKeyId(use, publicKey),
    verify: (message, signature) => {
      if (signature.length !== SIGNATURE_BYTES) return false;
      try {
        return ed25519.verify(signature, message, publicKey, { zip215: false });
      } catch {
        // noble throws for a public key that is no point.
        return false;
      }
    },
  };
}
