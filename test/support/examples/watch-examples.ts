// The worked example of PROTOCOL.md §19: a watch tag under a given ephemeral key.

import { createCipheriv } from 'node:crypto';
import { x25519 } from '@noble/curves/ed25519.js';
import type { PrfOutput, WatchPublicKey, WatchSecretKey } from '../../../protocol/brands.ts';
import { createKeySchedule } from '../../../protocol/watch/hpke.ts';
import { formatWatchPublicKey, formatWatchSecretKey, watchKeyId } from '../../../protocol/watch/watch-key.ts';
import {
  encodeWatchedPairs,
  formatWatchTag,
  type TagHeader,
  watchAad,
  watchInfo,
} from '../../../protocol/watch/watch-tag.ts';
import { fromHex, type Rows, toHex } from './oprf-examples.ts';

export const WATCH_GIVEN = ['watch.secret', 'watch.account', 'watch.day', 'watch.ephemeral'] as const;

/** Seals with the platform's AES-GCM, as an implementation of its own would. */
export function sealWith(ephemeral: Uint8Array, recipient: Uint8Array, info: Uint8Array, aad: Uint8Array) {
  const enc = x25519.getPublicKey(ephemeral);
  const { key, nonce } = createKeySchedule(recipient, info)(x25519.getSharedSecret(ephemeral, recipient), enc);
  return (plain: Uint8Array) => {
    const cipher = createCipheriv('aes-128-gcm', key, nonce).setAAD(aad);
    const sealed = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    return { enc, sealed: Uint8Array.from(sealed), key, nonce };
  };
}

export function computeWatchExamples(
  given: (name: (typeof WATCH_GIVEN)[number]) => string,
  bound: Omit<TagHeader, 'watchKey'>,
  pair: PrfOutput,
): Rows {
  const secretKey = fromHex<WatchSecretKey>(given('watch.secret'));
  const publicKey = x25519.getPublicKey(secretKey) as WatchPublicKey;
  const watchKey = watchKeyId(publicKey);
  const info = watchInfo(bound);
  const aad = watchAad(given('watch.account')) as Uint8Array;
  const plain = encodeWatchedPairs(Number(given('watch.day')), [pair]);
  const { enc, sealed } = sealWith(fromHex(given('watch.ephemeral')), publicKey, info, aad)(plain);
  return [
    ['watch.keyText', formatWatchSecretKey(secretKey, watchKey)],
    ['watch.publicKeyText', formatWatchPublicKey(publicKey)],
    ['watch.info', toHex(info)],
    ['watch.plain', toHex(plain)],
    ['watch.tagText', formatWatchTag({ ...bound, watchKey, enc, sealed })],
  ];
}
