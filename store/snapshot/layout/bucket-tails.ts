// Gives each bucket of an index the tail that authenticates it. PROTOCOL.md §8, §12.

import { createHash } from 'node:crypto';
import type { BucketId, LayerId, SealKey } from '../../../protocol/brands.ts';
import type { IndexName } from '../../../protocol/bucket-id.ts';
import { concatBytes } from '../../../protocol/bytes.ts';
import { bucketInput, computeSeal, SEAL_BYTES, type Sha256 } from '../../../protocol/seal.ts';
import { leafHash, lowerSiblings, MerkleTree, NODE_BYTES, upperSiblings } from '../../../protocol/signed/merkle.ts';
import { nodeHmacSha256 } from './node-hmac.ts';

/** The platform's SHA-256 for protocol/merkle.ts. */
export const nodeSha256: Sha256 = (message) => createHash('sha256').update(message).digest();

/** The index, and the layer that it is part of. */
export interface TablePlace {
  readonly layer: LayerId;
  readonly index: IndexName;
  readonly prefixBits: number;
}

/** Takes bodies without padding, id by id. */
export type TakeBody = (id: BucketId, body: Uint8Array) => void;

export interface BucketTails {
  /** Takes contents id by id. @returns the length of the body without padding */
  add(id: BucketId, content: Uint8Array): number;
  /**
   * Once all buckets were added.
   * @returns the roots of their segments, one after another; none under `auth` "mac"
   */
  finish(): Uint8Array;
}

/** The top of an index's Merkle tree; nothing under `auth` "mac". */
export interface TreeTop {
  /** In hex. */
  readonly root?: string;
  /** The roots of its segments, where there is more than one. */
  readonly roots: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/**
 * @param sealKey under `auth` "mac" only
 * @param from the first bucket; under signatures that of a segment
 */
export function createBucketTails(
  place: TablePlace,
  sealKey: SealKey | undefined,
  from: number,
  take: TakeBody,
): BucketTails {
  return sealKey ? createSeals(place, sealKey, take) : new Paths(place, from, take);
}

/** @param roots of all segments of the index, in order */
export function treeTop(prefixBits: number, roots: Uint8Array): TreeTop {
  if (roots.length === 0) return { roots: NOTHING };
  const leaves: Uint8Array[] = [];
  for (let at = 0; at < roots.length; at += NODE_BYTES) leaves.push(roots.subarray(at, at + NODE_BYTES));
  const root = Buffer.from(new MerkleTree(leaves, nodeSha256).root).toString('hex');
  return { root, roots: upperSiblings(prefixBits) > 0 ? roots : NOTHING };
}

function createSeals(place: TablePlace, key: SealKey, take: TakeBody): BucketTails {
  return {
    add: (id, content) => {
      take(id, concatBytes(content, computeSeal(key, { ...place, id }, content, nodeHmacSha256)));
      return content.length + SEAL_BYTES;
    },
    finish: () => NOTHING,
  };
}

/** Holds one segment at a time: the siblings of a bucket are known when its segment is complete. */
class Paths implements BucketTails {
  readonly #place: TablePlace;
  readonly #take: TakeBody;
  readonly #segmentBuckets: number;
  readonly #tailBytes: number;
  #contents: Uint8Array[] = [];
  #leaves: Uint8Array[] = [];
  readonly #roots: Uint8Array[] = [];
  readonly #from: number;

  constructor(place: TablePlace, from: number, take: TakeBody) {
    this.#place = place;
    this.#from = from;
    this.#take = take;
    this.#segmentBuckets = 2 ** lowerSiblings(place.prefixBits);
    this.#tailBytes = lowerSiblings(place.prefixBits) * NODE_BYTES;
  }

  add(id: BucketId, content: Uint8Array): number {
    this.#contents.push(content);
    this.#leaves.push(leafHash(bucketInput({ ...this.#place, id }, content), nodeSha256));
    if (this.#leaves.length === this.#segmentBuckets) this.#flush();
    return content.length + this.#tailBytes;
  }

  finish(): Uint8Array {
    return Buffer.concat(this.#roots);
  }

  #flush(): void {
    const segment = new MerkleTree(this.#leaves, nodeSha256);
    const from = this.#from + this.#roots.length * this.#segmentBuckets;
    this.#contents.forEach((content, at) => {
      this.#take((from + at) as BucketId, concatBytes(content, segment.siblings(at)));
    });
    this.#roots.push(segment.root);
    this.#contents = [];
    this.#leaves = [];
  }
}
