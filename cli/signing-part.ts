// The public part of a key of a publisher, and the line that clients of a signed dataset pin.

import type { HeadKey, PublisherKey } from '../protocol/brands.ts';
import { formatHeadKey, formatTrust, type SigningUse } from '../protocol/signed/trust.ts';
import type { Dataset } from '../store/dataset.ts';
import type { SigningKey } from '../store/signing-key.ts';

/** The public part of a publisher's key or a head key. */
export interface SigningPart {
  readonly signing: SigningUse;
  readonly keyId: string;
  /** In hex. */
  readonly publicKey: string;
  /** By which a publisher delegates to a head key. */
  readonly line: string | null;
}

export function signingPart({ use, keyid, publicKey }: SigningKey): SigningPart {
  const line = use === 'head' ? formatHeadKey(publicKey as HeadKey) : null;
  return { signing: use, keyId: keyid, publicKey: Buffer.from(publicKey).toString('hex'), line };
}

export const describeSigning = ({ signing, keyId, publicKey, line }: SigningPart): string =>
  [`${signing} key ${keyId}`, line === null ? `public key: ${publicKey}` : `public line for --delegate: ${line}`].join(
    '\n',
  );

/** What clients of a signed dataset pin. Undefined for one without signatures. */
export function trustLine({ id, parameters: { publisher } }: Dataset): string | undefined {
  if (publisher === undefined) return undefined;
  return formatTrust({ dataset: id, publisher: Uint8Array.from(Buffer.from(publisher, 'hex')) as PublisherKey });
}
