// Writes the buckets of an index into their table, each with the tail that authenticates it.
// PROTOCOL.md §8, §12.

import { createHash } from 'node:crypto';
import type Database from 'better-sqlite3';
import type { BucketId, LayerId, SealKey } from '../../protocol/brands.ts';
import { type IndexName, IndexNumber } from '../../protocol/bucket-id.ts';
import { concatBytes } from '../../protocol/bytes.ts';
import { bucketInput, computeSeal, SEAL_BYTES, type Sha256 } from '../../protocol/seal.ts';
import { leafHash, lowerSiblings, MerkleTree, NODE_BYTES, upperSiblings } from '../../protocol/signed/merkle.ts';
import { nodeHmacSha256 } from './node-hmac.ts';

/** The platform's SHA-256 for protocol/merkle.ts. */
export const nodeSha256: Sha256 = (message) => createHash('sha256').update(message).digest();

/** Where the buckets of an index go, id by id. */
export interface BucketTable {
  /** @returns the length of the body without padding */
  write(id: BucketId, content: Uint8Array): number;
  /** @returns the root of the Merkle tree in hex; undefined under `auth` "mac" */
  finish(): string | undefined;
}

/** The index, and the layer that it is part of. */
export interface TablePlace {
  readonly layer: LayerId;
  readonly index: IndexName;
  readonly prefixBits: number;
}

/** @param sealKey under `auth` "mac" only */
export function createBucketTable(
  database: Database.Database,
  place: TablePlace,
  sealKey: SealKey | undefined,
): BucketTable {
  database.exec(`CREATE TABLE ${place.index} (id INTEGER PRIMARY KEY, body BLOB NOT NULL)`);
  const statement = database.prepare(`INSERT INTO ${place.index} (id, body) VALUES (?, ?)`);
  const insert = (id: number, body: Uint8Array): void => {
    statement.run(id, body);
  };
  return sealKey ? createSealedTable(place, sealKey, insert) : new SignedTable(database, place, insert);
}

type Insert = (id: number, body: Uint8Array) => void;

function createSealedTable(place: TablePlace, key: SealKey, insert: Insert): BucketTable {
  return {
    write: (id, content) => {
      const seal = computeSeal(key, { ...place, id }, content, nodeHmacSha256);
      insert(id, concatBytes(content, seal));
      return content.length + SEAL_BYTES;
    },
    finish: () => undefined,
  };
}

/** Holds one segment at a time: the siblings of a bucket are known when its segment is complete. */
class SignedTable implements BucketTable {
  readonly #database: Database.Database;
  readonly #place: TablePlace;
  readonly #insert: Insert;
  readonly #segmentBuckets: number;
  readonly #tailBytes: number;
  #contents: Uint8Array[] = [];
  #leaves: Uint8Array[] = [];
  readonly #roots: Uint8Array[] = [];

  constructor(database: Database.Database, place: TablePlace, insert: Insert) {
    this.#database = database;
    this.#place = place;
    this.#insert = insert;
    this.#segmentBuckets = 2 ** lowerSiblings(place.prefixBits);
    this.#tailBytes = lowerSiblings(place.prefixBits) * NODE_BYTES;
  }

  write(id: BucketId, content: Uint8Array): number {
    this.#contents.push(content);
    this.#leaves.push(leafHash(bucketInput({ ...this.#place, id }, content), nodeSha256));
    if (this.#leaves.length === this.#segmentBuckets) this.#flush();
    return content.length + this.#tailBytes;
  }

  finish(): string {
    const { index, prefixBits } = this.#place;
    if (upperSiblings(prefixBits) > 0) {
      this.#database.exec('CREATE TABLE IF NOT EXISTS manifest (id INTEGER PRIMARY KEY, roots BLOB NOT NULL)');
      this.#database
        .prepare('INSERT INTO manifest (id, roots) VALUES (?, ?)')
        .run(IndexNumber[index], Buffer.concat(this.#roots));
    }
    return Buffer.from(new MerkleTree(this.#roots, nodeSha256).root).toString('hex');
  }

  #flush(): void {
    const segment = new MerkleTree(this.#leaves, nodeSha256);
    const from = this.#roots.length * this.#segmentBuckets;
    this.#contents.forEach((content, at) => {
      this.#insert(from + at, concatBytes(content, segment.siblings(at)));
    });
    this.#roots.push(segment.root);
    this.#contents = [];
    this.#leaves = [];
  }
}
