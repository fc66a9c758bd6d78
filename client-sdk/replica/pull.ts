// Brings a replica up to date: head, statement and sources are verified as a checker verifies them,
// and all slots before the folder's head names them.

import { INDEX_NAMES } from '../../protocol/bucket-id.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import {
  decodeEnvelope,
  HEAD_KIND,
  openEnvelope,
  STATEMENT_KIND,
  verifyEnvelope,
} from '../../protocol/signed/envelope.ts';
import { decodeHead, type Head, headSnapshotId } from '../../protocol/signed/head.ts';
import { parseStatement, payloadDigest } from '../../protocol/signed/statement.ts';
import { slotFileBytes } from '../../protocol/snapshot/slots.ts';
import { LookupError, lookupFailure } from '../errors.ts';
import type { Authority } from '../publication/authority.ts';
import { createHistory } from '../publication/history.ts';
import { createSnapshotReader } from '../publication/reader.ts';
import type { Snapshot } from '../publication/snapshot.ts';
import { createDeadline } from '../transport/deadline.ts';
import type { Send } from '../transport/requests.ts';
import type { ReplicaContext } from './attachable.ts';
import { downloadIndex } from './download.ts';
import { aboutRead } from './failures.ts';
import { bytesOf } from './files.ts';
import { type Documents, fileName, layerFiles, type ReplicaFolder } from './folder.ts';
import type { PulledReplica, PullOptions } from './handle.ts';
import { takeLock } from './lock.ts';

/** Maximum wait for head, statement and sources. */
const DOCUMENTS_TIMEOUT_MS = 30_000;

/** What was published, verified, and the bytes that were. */
interface Published {
  readonly snapshot: Snapshot;
  readonly head: Uint8Array;
  readonly documents: Documents;
}

/**
 * @throws LookupError as a check has it, `REPLICA_BUSY` if another process pulls,
 *   `REPLICA_UNWRITABLE`, `REPLICA_MISPLACED`
 */
export async function pullReplica(
  folder: ReplicaFolder,
  context: ReplicaContext,
  options: PullOptions,
): Promise<PulledReplica> {
  folder.create();
  const release = takeLock(folder.at('lock'));
  try {
    // The snapshot may be replaced while it is fetched: once more, with what took its place.
    return await pullOnce(folder, context, options).catch((error: unknown) => {
      if (!(error instanceof LookupError && error.code === 'SNAPSHOT_CHANGED')) throw error;
      return pullOnce(folder, context, options);
    });
  } finally {
    release();
  }
}

async function pullOnce(
  folder: ReplicaFolder,
  context: ReplicaContext,
  { signal = new AbortController().signal, verify = false, onProgress = () => undefined }: PullOptions,
): Promise<PulledReplica> {
  const held = await readHeld(folder, context.authority);
  const { snapshot, head, documents } = await fetchPublished(context, held?.head, signal);
  const id = snapshot.snapshot;
  const files = layerFiles(snapshot);
  let repaired = 0;
  const totalBytes = files.reduce((sum, { facts }) => sum + slotFileBytes(facts), 0);
  if (verify || !folder.has(snapshot, documents)) {
    const place = folder.begin(id);
    // What is completed for the first time was never right.
    const isRepair = place === folder.at(id);
    let bytes = 0;
    const onBytes = (more: number): void => {
      bytes += more;
      onProgress({ bytes, totalBytes });
    };
    const onFetched = (more: number): void => {
      if (isRepair) repaired += more;
    };
    const { network, settings } = context;
    // A layer never changes: what was verified when it was fetched is read as it is.
    const there = held && !verify ? heldFiles(folder, held.head) : undefined;
    for (const layer of files) {
      const from = there?.get(fileName(layer.index, layer.facts.layer, 1));
      if (from !== undefined && folder.take(from, place, layer)) onBytes(slotFileBytes(layer.facts));
      else
        await downloadIndex({
          ...{ ...layer, snapshot, folder: place, network, signal, onBytes, onFetched },
          maxBodyBytes: settings.maxBodyBytes,
        });
    }
    onFetched(folder.complete(id, place, documents));
  }
  // A process that was asleep has lost its lock: another one may have pulled meanwhile.
  const latest = await readHeld(folder, context.authority);
  const isLeft = latest !== undefined && !isNewer(head, latest.head);
  if (isLeft) folder.prune(headSnapshotId(latest.head));
  else folder.use(id, head);
  folder.confirm();
  const used = isLeft ? headSnapshotId(latest.head) : id;
  const isNew = !held || headSnapshotId(held.head) !== used;
  if (!isLeft || used === id) return { snapshot: id, isNew, bytes: totalBytes, repaired };
  // What was fetched is pruned: the result is of the copy that checks are answered from.
  const bytes = [...heldFiles(folder, latest.head).values()].reduce((sum, file) => sum + (bytesOf(file) ?? 0), 0);
  return { snapshot: used, isNew, bytes, repaired: 0 };
}

/** Where the layers of the held snapshot are, by index and layer. @param head is authentic */
function heldFiles(folder: ReplicaFolder, head: Head): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const id = headSnapshotId(head);
  try {
    const statement = folder.document(id, 'statement', STATEMENT_KIND.maxBytes);
    const payload = statement && decodeEnvelope(STATEMENT_KIND, statement).payload;
    if (!payload || payloadDigest(payload) !== head.statement) return files;
    for (const [place, { id: layer, indexes }] of parseStatement(payload).layers.entries())
      for (const index of INDEX_NAMES)
        if (indexes[index]) files.set(fileName(index, layer, 1), folder.at(id, fileName(index, layer, place)));
  } catch (error) {
    // Damaged: as if it was not there.
    if (!(error instanceof ProtocolError || error instanceof LookupError)) throw error;
  }
  return files;
}

/**
 * A cache on the way may answer with a head that is older than the one before. The head of an
 * earlier snapshot may have been issued later.
 */
function isNewer(head: Uint8Array, held: Head): boolean {
  const { sequence, issuedAt } = decodeHead(head).head;
  if (sequence !== held.sequence) return sequence > held.sequence;
  return Date.parse(issuedAt) > Date.parse(held.issuedAt);
}

/** @param held nothing older is taken */
async function fetchPublished(
  { settings, network, authority, assertKey }: ReplicaContext,
  held: Head | undefined,
  signal: AbortSignal,
): Promise<Published> {
  const received = new Map<string, Uint8Array>();
  const send: Send = async (request) => {
    const bytes = await network(request);
    received.set(/^v1\/([a-z]+)/.exec(request.path)?.[1] ?? '', bytes);
    return bytes;
  };
  const history = createHistory(settings.memory, authority);
  if (held) history.add({ sequence: held.sequence, issuedAt: Date.parse(held.issuedAt) });
  const reader = createSnapshotReader({ settings, send, authority, history, assertKey });
  const snapshot = await reader.fetch(createDeadline(DOCUMENTS_TIMEOUT_MS, signal));
  const sources = received.get('sources');
  return {
    snapshot,
    head: received.get('head') as Uint8Array,
    documents: { statement: received.get('statement') as Uint8Array, ...(sources && { sources }) },
  };
}

/**
 * The head in the folder, if it is authentic: it may have run out, and still nothing older replaces
 * it.
 * @throws LookupError `DATASET_MISMATCH` for the replica of another dataset
 */
async function readHeld(folder: ReplicaFolder, authority: Authority): Promise<{ readonly head: Head } | undefined> {
  try {
    const bytes = folder.head();
    if (!bytes) return undefined;
    const { envelope, head } = decodeHead(bytes);
    if (head.dataset !== authority.dataset) throw aboutRead(folder.at(), lookupFailure('DATASET_MISMATCH'));
    const pinned = await authority.pinned();
    const isPinned = authority.auth === 'mac' || envelope.keyid === pinned.keyid;
    const keys = isPinned ? [pinned] : await delegatedKeys(folder, head, authority);
    verifyEnvelope(HEAD_KIND, envelope, keys);
    return { head };
  } catch (error) {
    // Damaged: as if it was not there.
    if (error instanceof ProtocolError) return undefined;
    if (error instanceof LookupError && error.code === 'REPLICA_UNREADABLE') return undefined;
    throw error;
  }
}

async function delegatedKeys(folder: ReplicaFolder, head: Head, authority: Authority) {
  const bytes = folder.document(headSnapshotId(head), 'statement', STATEMENT_KIND.maxBytes);
  if (!bytes) return [];
  const payload = openEnvelope(STATEMENT_KIND, bytes, [await authority.pinned()]);
  return payloadDigest(payload) === head.statement ? authority.delegated(parseStatement(payload), head) : [];
}
