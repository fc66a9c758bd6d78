// AES-256-GCM (NIST SP 800-38D) as all that the gateway seals has it: nonce, ciphertext, tag.

import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What a box has more than its content. */
export const BOX_BYTES = NONCE_BYTES + TAG_BYTES;

/** @param place what it is for: it opens nowhere else */
export function closeBox(key: KeyObject | Buffer, place: Buffer, content: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(place);
  return Buffer.concat([nonce, cipher.update(content), cipher.final(), cipher.getAuthTag()]);
}

/** @throws Error for what was not closed under this key, for this place */
export function openBox(key: KeyObject | Buffer, place: Buffer, box: Buffer): Buffer {
  if (box.length < BOX_BYTES) throw new RangeError('a sealed box is longer');
  const [nonce, end] = [box.subarray(0, NONCE_BYTES), box.length - TAG_BYTES];
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(place).setAuthTag(box.subarray(end));
  return Buffer.concat([decipher.update(box.subarray(NONCE_BYTES, end)), decipher.final()]);
}
