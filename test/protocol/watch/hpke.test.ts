// Our HPKE computes the vectors of RFC 9180, appendix A.1.1.

import { x25519 } from '@noble/curves/ed25519.js';
import { describe, expect, test } from 'vitest';
import { createKeySchedule } from '../../../protocol/watch/hpke.ts';
import { fromHex, toHex } from '../../support/examples/oprf-examples.ts';
import { sealWith } from '../../support/examples/watch-examples.ts';

const A1 = {
  info: fromHex('4f6465206f6e2061204772656369616e2055726e'),
  ephemeral: fromHex('52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736'),
  enc: '37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431',
  secretKey: fromHex('4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8'),
  recipient: '3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d',
  key: '4531685d41d65f03dc48f6b8302c05b0',
  nonce: '56d890e5accaaf011cff4b7d',
  aad: fromHex('436f756e742d30'),
  plain: fromHex('4265617574792069732074727574682c20747275746820626561757479'),
  sealed: 'f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a',
};

describe('HPKE of watch tags', () => {
  test('seals the first message of A.1.1', () => {
    expect(toHex(x25519.getPublicKey(A1.secretKey))).toBe(A1.recipient);
    const { enc, sealed, key, nonce } = sealWith(A1.ephemeral, fromHex(A1.recipient), A1.info, A1.aad)(A1.plain);
    expect([enc, key, nonce, sealed].map(toHex)).toEqual([A1.enc, A1.key, A1.nonce, A1.sealed]);
  });

  test("derives the same from the recipient's end", () => {
    const enc = fromHex(A1.enc);
    const { key, nonce } = createKeySchedule(fromHex(A1.recipient), A1.info)(
      x25519.getSharedSecret(A1.secretKey, enc),
      enc,
    );
    expect([key, nonce].map(toHex)).toEqual([A1.key, A1.nonce]);
  });
});
