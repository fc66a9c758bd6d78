// The lines that clients of a made dataset pin.

import type { PublisherKey } from '../../protocol/brands.ts';
import { formatTrust } from '../../protocol/signed/trust.ts';
import type { MadeDataset } from './dataset.ts';

export type KeyPin = { readonly key: string; readonly trust?: string };
export type TrustPin = { readonly trust: string };

/** Of a dataset of the suite `hmac`. */
export function keyPinOf(made: Pick<MadeDataset, 'dataset' | 'key' | 'publisher'>): KeyPin {
  const key = made.key.revealPin(made.dataset.id) as string;
  return made.publisher ? { key, ...trustPinOf(made) } : { key };
}

/** Of a dataset with signatures. */
export function trustPinOf({ dataset, publisher }: Pick<MadeDataset, 'dataset' | 'publisher'>): TrustPin {
  return { trust: formatTrust({ dataset: dataset.id, publisher: publisher?.publicKey as PublisherKey }) };
}

/** Of a dataset of either suite. */
export function pinOf(made: Pick<MadeDataset, 'dataset' | 'key' | 'publisher'>): KeyPin | TrustPin {
  return made.key.suite === 'hmac' ? keyPinOf(made) : trustPinOf(made);
}
