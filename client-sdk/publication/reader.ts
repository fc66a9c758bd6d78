// Fetches what is published now: the head, its statement and the list of sources, each verified
// before it is used. PROTOCOL.md §14.

import { sha256 } from '@noble/hashes/sha2.js';
import type { IndexName } from '../../protocol/bucket-id.ts';
import { toHex } from '../../protocol/bytes.ts';
import { ProtocolError, type ProtocolErrorCode } from '../../protocol/errors.ts';
import {
  decodeEnvelope,
  type Envelope,
  HEAD_KIND,
  openEnvelope,
  STATEMENT_KIND,
  verifyEnvelope,
} from '../../protocol/signed/envelope.ts';
import { type Head, headSnapshotId, parseHead } from '../../protocol/signed/head.ts';
import type { LeakSource } from '../../protocol/signed/sources.ts';
import { parseStatement, payloadDigest, type Statement } from '../../protocol/signed/statement.ts';
import { lookupFailure, type UnknownReason } from '../errors.ts';
import type { CheckerSettings } from '../options.ts';
import { createPart } from '../part.ts';
import type { Deadline } from '../transport/deadline.ts';
import { refuseDocument, type Send } from '../transport/requests.ts';
import type { Authority } from './authority.ts';
import type { History } from './history.ts';
import { assertStatement, lifeOf } from './rules.ts';
import type { HeadLife, LayeredIndex, Snapshot, SnapshotIndex } from './snapshot.ts';

export interface SnapshotReader {
  /** Fetches the head, and what it names that is not known yet. @throws LookupError */
  fetch(deadline: Deadline): Promise<Snapshot>;
}

export interface ReaderOptions {
  readonly settings: CheckerSettings;
  readonly send: Send;
  readonly authority: Authority;
  readonly history: History;
  /** Rejects a statement of another key. @throws LookupError `KEY_MISMATCH` */
  assertKey(statement: Statement): void;
}

/** What a verified statement says, with the digest by which heads name it. */
interface Known {
  readonly digest: string;
  readonly statement: Statement;
  readonly sources: readonly LeakSource[];
  /** What follows from the statement, and may be more than this platform can do. */
  readonly derived: Pick<Snapshot, 'indexes' | 'askedForms' | 'rewrite'>;
}

export function createSnapshotReader({ settings, send, authority, history, assertKey }: ReaderOptions): SnapshotReader {
  let known: Known | undefined;

  const get = (path: string, maxBytes: number, deadline: Deadline): Promise<Uint8Array> =>
    send({ path, accept: 'application/json', maxBytes, deadline, refuse: refuseDocument });

  const fetchStatement = async (head: Head, deadline: Deadline): Promise<Statement> => {
    const bytes = await get(`v1/statement/${headSnapshotId(head)}`, STATEMENT_KIND.maxBytes, deadline);
    const pinned = await authority.pinned();
    return orFail(() => {
      const payload = openEnvelope(STATEMENT_KIND, bytes, [pinned]);
      if (payloadDigest(payload) !== head.statement)
        throw lookupFailure('STATEMENT_FORGED', { detail: 'the head names another one' });
      return parseStatement(payload);
    });
  };

  const fetchSources = async ({ layers, sources }: Statement, deadline: Deadline): Promise<readonly LeakSource[]> => {
    const [{ indexes }] = layers;
    // Without a third byte of metadata no entry names a source.
    if (![indexes.account, indexes.password].some((index) => index?.metadataBytes === 3)) return [];
    const bytes = await get(`v1/sources/${sources.sha256}`, sources.bytes, deadline);
    if (toHex(sha256(bytes)) !== sources.sha256) throw lookupFailure('BODY_FORGED', { detail: 'the list of sources' });
    const { parseSources } = await loadSources();
    return orFail(() => parseSources(bytes));
  };

  /** What the head names: from memory, or fetched and verified. */
  const resolve = async (head: Head, deadline: Deadline): Promise<Known> => {
    if (known?.digest === head.statement) return known;
    const statement = await fetchStatement(head, deadline);
    assertStatement(statement, head, authority, settings);
    assertKey(statement);
    const derived = await derive(statement, authority);
    return { digest: head.statement, statement, derived, sources: await fetchSources(statement, deadline) };
  };

  return {
    async fetch(deadline) {
      const seen = await deadline.race(history.seen);
      const bytes = await get('v1/head', HEAD_KIND.maxBytes, deadline);
      const envelope = orFail(() => decodeEnvelope(HEAD_KIND, bytes));
      const { head, isVerified } = await openHead(envelope, authority);
      if (head.dataset !== authority.dataset) throw lookupFailure('DATASET_MISMATCH');
      // Refused before anything else is fetched, and again once the sequence is verified.
      lifeOf(head, seen, settings);
      const named = await resolve(head, deadline);
      assertStatement(named.statement, head, authority, settings);
      if (!isVerified) {
        const delegated = await authority.delegated(named.statement, head);
        orFail(() => verifyEnvelope(HEAD_KIND, envelope, delegated));
      }
      const life = lifeOf(head, await history.seen(), settings);
      history.add({ sequence: head.sequence, issuedAt: life.issuedAt.wall });
      known = named;
      return snapshotOf(head, named, life);
    },
  };
}

/** Verifies a head whose key is pinned. One by a delegated key waits for its statement. */
async function openHead(envelope: Envelope, authority: Authority): Promise<{ head: Head; isVerified: boolean }> {
  const pinned = await authority.pinned();
  const isVerified = authority.auth === 'mac' || envelope.keyid === pinned.keyid;
  return orFail(() => {
    try {
      if (isVerified) verifyEnvelope(HEAD_KIND, envelope, [pinned]);
    } catch (forged) {
      // A wrong URL is more frequent than an attack.
      if (isOfOther(envelope, authority)) throw lookupFailure('DATASET_MISMATCH');
      throw forged;
    }
    return { head: parseHead(envelope.payload), isVerified };
  });
}

/** Whether a head that does not verify claims to be of another dataset. */
function isOfOther({ payload }: Envelope, { dataset }: Authority): boolean {
  try {
    return parseHead(payload).dataset !== dataset;
  } catch {
    return false;
  }
}

/** Few datasets have forms, rules or sources of entries. */
const loadForms = createPart(() => import('../../protocol/similar.ts'));
const loadRules = createPart(() => import('../../protocol/username-rules.ts'));
const loadSources = createPart(() => import('../../protocol/signed/sources.ts'));

/** @throws LookupError `PROTOCOL_UNSUPPORTED` if this platform cannot apply the dataset's rules */
async function derive({ usernameRules, layers }: Statement, { bucketAuth }: Authority): Promise<Known['derived']> {
  const [{ similar }] = layers;
  const inAll = async (name: IndexName): Promise<SnapshotIndex | undefined> => {
    const all: LayeredIndex[] = [];
    for (const { id: layer, indexes } of layers) {
      const index = indexes[name];
      if (index) all.push({ ...index, layer, auth: await bucketAuth(index) });
    }
    const [first, ...added] = all;
    return first && [first, ...added];
  };
  const [account, password] = [await inAll('account'), await inAll('password')];
  const rules = usernameRules && (await loadRules());
  return {
    indexes: { ...(account && { account }), ...(password && { password }) },
    ...(similar && { askedForms: (await loadForms()).askedForms }),
    ...(rules && { rewrite: orFail(() => rules.createUsernameRewrite(usernameRules)) }),
  };
}

function snapshotOf(head: Head, { statement, sources, derived }: Known, life: HeadLife): Snapshot {
  return { ...statement, ...derived, snapshot: headSnapshotId(head), sources, life };
}

/** The reasons of a checker for the errors of documents. */
const REASONS: { readonly [code in ProtocolErrorCode]?: UnknownReason } = {
  HEAD_MALFORMED: 'HEAD_MALFORMED',
  HEAD_FORGED: 'HEAD_FORGED',
  HEAD_UNSUPPORTED: 'PROTOCOL_UNSUPPORTED',
  STATEMENT_MALFORMED: 'STATEMENT_MALFORMED',
  STATEMENT_FORGED: 'STATEMENT_FORGED',
  STATEMENT_UNSUPPORTED: 'PROTOCOL_UNSUPPORTED',
  SOURCES_MALFORMED: 'BODY_MALFORMED',
};

function orFail<T>(parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    const reason = cause instanceof ProtocolError ? REASONS[cause.code] : undefined;
    throw reason ? lookupFailure(reason, { cause }) : cause;
  }
}
