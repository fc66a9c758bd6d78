// Answers from a replica as its server would. Nothing is verified here: the checker does that, for
// each bucket again.

import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import fs from 'node:fs';
import type { BucketId, SnapshotId } from '../../protocol/brands.ts';
import type { IndexName } from '../../protocol/bucket-id.ts';
import { concatBytes } from '../../protocol/bytes.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import type { Hashes } from '../../protocol/seal.ts';
import { STATEMENT_KIND } from '../../protocol/signed/envelope.ts';
import { decodeHead, headSnapshotId } from '../../protocol/signed/head.ts';
import { MerkleTree, NODE_BYTES, SEGMENT_BITS, splitNodes } from '../../protocol/signed/merkle.ts';
import { countRoots, paddedBody, slotBytes, slotFileBytes, slotsBytes } from '../../protocol/snapshot/slots.ts';
import { lookupFailure } from '../errors.ts';
import { indexOf, type LayeredIndex, type Snapshot } from '../publication/snapshot.ts';
import { openFile, readFully } from './files.ts';
import { fileName, layerFiles, type ReplicaFolder } from './folder.ts';

/** Making one anew takes twice as long as the HMAC of a bucket. */
const keyObjects = new WeakMap<Uint8Array, KeyObject>();

function keyObjectOf(key: Uint8Array): KeyObject {
  let known = keyObjects.get(key);
  if (!known) {
    known = createSecretKey(key);
    keyObjects.set(key, known);
  }
  return known;
}

/** The platform's, which are several times as fast. */
export const NODE_HASHES: Hashes = {
  sha256: (message) => hash('sha256', message, 'buffer'),
  hmacSha256: (key, message) => createHmac('sha256', keyObjectOf(key)).update(message).digest(),
};

/** How often a document is looked for again, while pulls replace what names it. */
const ATTEMPTS = 3;

interface OpenIndex {
  readonly handle: number;
  /** Above the segments; undefined where there is one. */
  readonly upper: MerkleTree | undefined;
}

export class ReplicaReader {
  readonly #folder: ReplicaFolder;
  /** The snapshot of the head that was read last, and its statement. */
  #named: { readonly snapshot: SnapshotId; readonly statement: Buffer } | undefined;
  #open: { readonly snapshot: SnapshotId; readonly indexes: Map<string, OpenIndex> } | undefined;

  constructor(folder: ReplicaFolder) {
    this.#folder = folder;
  }

  /** @throws LookupError `REPLICA_MISSING`, `REPLICA_UNREADABLE`, `SNAPSHOT_CHANGED` */
  document(path: string, maxBytes: number): Uint8Array {
    if (path === 'v1/head') return this.#readHead();
    const [, kind, name] = /^v1\/(statement|sources)\/([0-9a-f-]+)$/.exec(path) ?? [];
    const { snapshot, statement } = this.#named ?? {};
    if (kind === 'statement' && statement && snapshot === name) return statement;
    const sources = kind === 'sources' && snapshot && this.#folder.document(snapshot, 'sources', maxBytes);
    if (!sources) throw lookupFailure('SNAPSHOT_CHANGED');
    return sources;
  }

  /** Reads the statement with the head: a pull may replace both in between. */
  #readHead(): Uint8Array {
    for (let attempt = 1; ; attempt++) {
      const head = this.#folder.head();
      if (!head) throw lookupFailure('REPLICA_MISSING');
      const snapshot = snapshotOf(head);
      const statement = snapshot && this.#folder.document(snapshot, 'statement', STATEMENT_KIND.maxBytes);
      if (statement) this.#named = { snapshot, statement };
      // A head that is malformed is for the checker to refuse.
      if (statement || !snapshot) return head;
      if (attempt === ATTEMPTS) throw lookupFailure('REPLICA_UNREADABLE', { detail: 'the statement is missing' });
    }
  }

  /**
   * What a server would answer.
   * @throws LookupError `REPLICA_UNREADABLE`, `SNAPSHOT_CHANGED`, `BODY_MALFORMED`
   */
  read(snapshot: Snapshot, index: IndexName, id: BucketId): Uint8Array {
    const [first, ...added] = indexOf(snapshot, index);
    const body = this.#readLayer(snapshot.snapshot, index, first, id);
    return added.reduce(
      (answer, facts) =>
        concatBytes(answer, this.#readLayer(snapshot.snapshot, fileName(index, facts.layer, 1), facts, id)),
      body,
    );
  }

  #readLayer(snapshot: SnapshotId, file: string, facts: LayeredIndex, id: BucketId): Uint8Array {
    const { handle, upper } = this.#openIndex(snapshot, file, facts);
    const slot = Buffer.allocUnsafe(slotBytes(facts));
    readFully(handle, slot, id * slot.length);
    return answerOf(slot, facts, upper?.siblings(id >>> SEGMENT_BITS));
  }

  /** Opens all indexes of a snapshot. @throws as `read`, if one is missing or was cut off */
  assertHeld(snapshot: Snapshot): void {
    for (const { facts, file } of layerFiles(snapshot)) this.#openIndex(snapshot.snapshot, file, facts);
  }

  close(): void {
    for (const { handle } of this.#open?.indexes.values() ?? []) fs.closeSync(handle);
    this.#open = undefined;
  }

  /** One snapshot is open at a time; reads are synchronous, so none is under way. */
  #openIndex(snapshot: SnapshotId, file: string, facts: LayeredIndex): OpenIndex {
    if (this.#open?.snapshot !== snapshot) {
      this.close();
      this.#open = { snapshot, indexes: new Map() };
    }
    const { indexes } = this.#open;
    let opened = indexes.get(file);
    if (!opened) {
      opened = this.#openSlots(snapshot, file, facts);
      indexes.set(file, opened);
    }
    return opened;
  }

  #openSlots(snapshot: SnapshotId, file: string, facts: LayeredIndex): OpenIndex {
    const handle = openFile(this.#folder.at(snapshot, file));
    if (handle === undefined) {
      if (fs.existsSync(this.#folder.at(snapshot)))
        throw lookupFailure('REPLICA_UNREADABLE', { detail: 'an index is missing' });
      throw lookupFailure('SNAPSHOT_CHANGED');
    }
    try {
      if (fs.fstatSync(handle).size !== slotFileBytes(facts))
        throw lookupFailure('REPLICA_UNREADABLE', { detail: 'a file has another length' });
      const roots = Buffer.alloc(countRoots(facts) * NODE_BYTES);
      readFully(handle, roots, slotsBytes(facts));
      return { handle, upper: upperTree(roots) };
    } catch (error) {
      fs.closeSync(handle);
      throw error;
    }
  }
}

/** @param roots of the segments of an index @returns the tree above them, if there are several */
export const upperTree = (roots: Uint8Array): MerkleTree | undefined =>
  roots.length === 0 ? undefined : new MerkleTree(splitNodes(roots), NODE_HASHES.sha256);

/** A slot as an answer. @throws LookupError `BODY_MALFORMED` */
export function answerOf(slot: Uint8Array, facts: LayeredIndex, upper: Uint8Array | undefined): Uint8Array {
  try {
    const body = paddedBody(slot, facts);
    return upper ? concatBytes(body, upper) : body;
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    throw lookupFailure('BODY_MALFORMED', { cause });
  }
}

/** The snapshot that a head names, whoever made it. */
export function snapshotOf(head: Uint8Array): SnapshotId | undefined {
  try {
    return headSnapshotId(decodeHead(head).head);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
