// Identifies the segments of a corpus, so that a resumed ingest knows those that it has.

import { createHmac } from 'node:crypto';

/**
 * Identifies a segment by its bytes and format. Keyed: a plain hash of a short segment would reveal
 * its line.
 */
export function fingerprint(keyText: string, bytes: Uint8Array, format: object): string {
  const hmac = createHmac('sha256', keyText).update(JSON.stringify(format)).update('\0');
  return hmac.update(bytes).digest('hex').slice(0, 32);
}

/** What the signs of a corpus are sampled by: the same for each reading of it. See SignCounter. */
export const signSeedOf = (keyText: string): number =>
  createHmac('sha256', keyText).update('signs').digest().readUInt32LE();
