// The Merkle tree: against RFC 9162's definition, in segments, and with altered paths.

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  leafHash,
  lowerSiblings,
  MerkleTree,
  NODE_BYTES,
  rootFromPath,
  SEGMENT_BITS,
  splitNodes,
  upperSiblings,
} from '../../../protocol/signed/merkle.ts';

const sha256 = (...parts: Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');
const inputs = (count: number): Uint8Array[] => Array.from({ length: count }, (_, i) => Uint8Array.of(i, i >> 8));

/** MTH of RFC 9162 §2.1.1, written as there. */
function treeHash(entries: readonly Uint8Array[]): Buffer {
  if (entries.length === 1) return sha256(Uint8Array.of(0), entries[0] as Uint8Array);
  const half = entries.length / 2;
  return sha256(Uint8Array.of(1), treeHash(entries.slice(0, half)), treeHash(entries.slice(half)));
}

test('the root of an empty entry is that of the test vectors of RFC 6962', () => {
  // certificate-transparency-go, merkle_tree_test: the root of the one leaf "".
  expect(hex(new MerkleTree([leafHash(new Uint8Array(0))]).root)).toBe(
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  );
});

describe.each([0, 1, 3, 6])('a tree of 2^%i leaves', (bits) => {
  const entries = inputs(2 ** bits);
  const leaves = entries.map((entry) => leafHash(entry));
  const tree = new MerkleTree(leaves);

  test('has the root of RFC 9162', () => {
    expect(hex(tree.root)).toBe(hex(treeHash(entries)));
  });

  test('each leaf and its siblings lead to the root, from no other place', () => {
    leaves.forEach((leaf, at) => {
      const path = splitNodes(tree.siblings(at));
      expect(path).toHaveLength(bits);
      for (let place = 0; place < leaves.length; place++)
        expect(hex(rootFromPath(leaf, place, path)) === hex(tree.root), `${at} at ${place}`).toBe(place === at);
    });
  });

  test('no altered sibling leads to the root', () => {
    const siblings = tree.siblings(0);
    for (let bit = 0; bit < siblings.length * 8; bit += 13) {
      const altered = Uint8Array.from(siblings);
      altered[bit >> 3] = (altered[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(hex(rootFromPath(leaves[0] as Uint8Array, 0, splitNodes(altered)))).not.toBe(hex(tree.root));
    }
  });
});

test('segments of 1,024 and the tree over their roots make the same tree', () => {
  const bits = SEGMENT_BITS + 2;
  const entries = inputs(2 ** bits);
  const leaves = entries.map((entry) => leafHash(entry));
  const segments = [0, 1, 2, 3].map((at) => new MerkleTree(leaves.slice(at * 1024, (at + 1) * 1024)));
  const upper = new MerkleTree(segments.map(({ root }) => root));
  const whole = new MerkleTree(leaves);
  expect(hex(upper.root)).toBe(hex(whole.root));
  for (const at of [0, 1, 1023, 1024, 2047, 3333, 4095]) {
    const path = [segments[at >> 10]?.siblings(at & 1023), upper.siblings(at >> 10)].map(hex).join('');
    expect(path).toBe(hex(whole.siblings(at)));
    expect(path.length).toBe(2 * NODE_BYTES * (lowerSiblings(bits) + upperSiblings(bits)));
  }
});

test('small trees have no siblings above their one segment', () => {
  expect([0, 1, 10, 11, 26].map(lowerSiblings)).toEqual([0, 1, 10, 10, 10]);
  expect([0, 1, 10, 11, 26].map(upperSiblings)).toEqual([0, 0, 0, 1, 16]);
});
