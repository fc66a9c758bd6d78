// The Merkle tree over the buckets of an index, as RFC 9162 §2.1.1 defines it: PROTOCOL.md §8.
//
//   leaf = SHA-256(00 ‖ bucket input)          // seal.ts
//   node = SHA-256(01 ‖ left ‖ right)
//
// The tree has 2^prefixBits leaves. A segment is the subtree of up to 1,024 buckets: publishing
// holds one at a time, and the server adds what lies above it.

import { sha256 } from '@noble/hashes/sha2.js';
import type { SealKey } from '../brands.ts';
import { equalBytes, fromHex } from '../bytes.ts';
import { type BucketAuth, bucketInput, createMacAuth, type HmacSha256, type Sha256 } from '../seal.ts';

export const NODE_BYTES = 32;
export const SEGMENT_BITS = 10;

/** Number of siblings of a path within its segment: those that are stored with a bucket. */
export function lowerSiblings(prefixBits: number): number {
  return Math.min(SEGMENT_BITS, prefixBits);
}

/** Number of siblings of a path above its segment: those that a server adds. */
export function upperSiblings(prefixBits: number): number {
  return prefixBits - lowerSiblings(prefixBits);
}

export function leafHash(input: Uint8Array, hash: Sha256 = sha256): Uint8Array {
  const message = new Uint8Array(1 + input.length);
  message.set(input, 1);
  return hash(message);
}

export function nodeHash(left: Uint8Array, right: Uint8Array, hash: Sha256 = sha256): Uint8Array {
  const message = new Uint8Array(1 + 2 * NODE_BYTES);
  message[0] = 1;
  message.set(left, 1);
  message.set(right, 1 + NODE_BYTES);
  return hash(message);
}

/** A complete tree over 2^n hashes. */
export class MerkleTree {
  /** From the leaves to the root. */
  readonly #levels: Uint8Array[][];

  /** @param leaves 2^n hashes, at least one */
  constructor(leaves: readonly Uint8Array[], hash: Sha256 = sha256) {
    let level = [...leaves];
    this.#levels = [level];
    while (level.length > 1) {
      const parents: Uint8Array[] = [];
      for (let at = 0; at < level.length; at += 2)
        parents.push(nodeHash(level[at] as Uint8Array, level[at + 1] as Uint8Array, hash));
      this.#levels.push(parents);
      level = parents;
    }
  }

  get root(): Uint8Array {
    return this.#levels.at(-1)?.[0] as Uint8Array;
  }

  /** The siblings on the path from a leaf to the root, the leaf's first, one after another. */
  siblings(leaf: number): Uint8Array {
    const path = new Uint8Array((this.#levels.length - 1) * NODE_BYTES);
    for (let height = 0, at = leaf; height < this.#levels.length - 1; height++, at >>>= 1)
      path.set(this.#levels[height]?.[at ^ 1] as Uint8Array, height * NODE_BYTES);
    return path;
  }
}

/**
 * The root that a leaf and its siblings lead to.
 * @param at the leaf's position
 * @param siblings whole nodes, the leaf's sibling first
 */
export function rootFromPath(
  leaf: Uint8Array,
  at: number,
  siblings: readonly Uint8Array[],
  hash: Sha256 = sha256,
): Uint8Array {
  let node = leaf;
  let position = at;
  for (const sibling of siblings) {
    node = (position & 1) === 0 ? nodeHash(node, sibling, hash) : nodeHash(sibling, node, hash);
    position >>>= 1;
  }
  return node;
}

/** Splits bytes into nodes. @param bytes a multiple of NODE_BYTES */
export function splitNodes(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length / NODE_BYTES }, (_, i) =>
    bytes.subarray(i * NODE_BYTES, (i + 1) * NODE_BYTES),
  );
}

/** `auth` "signature": the tails are paths to this root. */
export function createMerkleAuth(root: Uint8Array, prefixBits: number, hash: Sha256 = sha256): BucketAuth {
  return {
    tailBytes: lowerSiblings(prefixBits) * NODE_BYTES,
    upperBytes: upperSiblings(prefixBits) * NODE_BYTES,
    verify: (place, content, tail) => {
      const leaf = leafHash(bucketInput(place, content), hash);
      return equalBytes(rootFromPath(leaf, place.id, splitNodes(tail), hash), root);
    },
  };
}

/** How an index authenticates its buckets: with its root if it has one, otherwise with the key. */
export function createBucketAuth(
  { root, prefixBits }: { readonly root?: string; readonly prefixBits: number },
  sealKey: SealKey,
  hmacSha256?: HmacSha256,
): BucketAuth {
  return root === undefined ? createMacAuth(sealKey, hmacSha256) : createMerkleAuth(fromHex(root), prefixBits);
}
