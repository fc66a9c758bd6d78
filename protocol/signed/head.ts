// The head: which statement is the current one, and until when that is to be believed. It is the
// one mutable document of a dataset. PROTOCOL.md §10.

import type { DatasetId, HeadKey, SnapshotId } from '../brands.ts';
import { encodeUtf8, fromHex } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { formatSnapshotId, HEX16, MAX_SEQUENCE } from '../ids.ts';
import { decodeEnvelope, type Envelope, HEAD_KIND } from './envelope.ts';
import {
  hex,
  integer,
  type Members,
  oneOf,
  parseDocument,
  parseMembers,
  parseObject,
  refuseMember,
  required,
  text,
  time,
} from './members.ts';
import { PROTOCOL_VERSION, type Statement } from './statement.ts';
import { parseStrictJson } from './strict-json.ts';

/** A head is valid for at most this long: 7 days. */
export const MAX_HEAD_LIFE_MS = 7 * 24 * 3_600_000;

export interface Head {
  readonly protocol: typeof PROTOCOL_VERSION;
  readonly dataset: DatasetId;
  /** The statement's. */
  readonly sequence: number;
  /** SHA-256 of the statement's payload, 64 hex digits. */
  readonly statement: string;
  readonly issuedAt: string;
  readonly validUntil: string;
}

export const HEAD_MEMBERS: Members<Head> = {
  protocol: required(oneOf([PROTOCOL_VERSION])),
  dataset: required(text<DatasetId>(HEX16)),
  sequence: required(integer(1, MAX_SEQUENCE)),
  statement: required(hex(64)),
  issuedAt: required(time),
  validUntil: required(time),
};

/**
 * Parses a payload that has been verified.
 * @throws ProtocolError `HEAD_MALFORMED`; `HEAD_UNSUPPORTED` for another version
 */
export function parseHead(payload: Uint8Array): Head {
  return parseDocument(HEAD_KIND, () => {
    const given = parseObject(parseStrictJson(payload, 'the head'), 'the head');
    if (given.protocol !== PROTOCOL_VERSION)
      throw new ProtocolError(
        'HEAD_UNSUPPORTED',
        'head: an unsupported version',
        'Use client and server of the same major version.',
      );
    const head = parseMembers(given, 'the head', HEAD_MEMBERS);
    const lifeMs = Date.parse(head.validUntil) - Date.parse(head.issuedAt);
    if (lifeMs <= 0 || lifeMs > MAX_HEAD_LIFE_MS) refuseMember('validUntil is not within 7 days after issuedAt');
    return head;
  });
}

/** The payload: JSON without white space, its members in the order of the table. */
export function encodeHead(head: Head): Uint8Array {
  return encodeUtf8(JSON.stringify(parseHead(encodeUtf8(JSON.stringify(head)))));
}

/** A head that is not verified yet: its statement lists the keys that may have signed it. */
export interface UnverifiedHead {
  readonly envelope: Envelope;
  readonly head: Head;
}

/**
 * Decodes the answer of /v1/head without verifying it.
 * @throws ProtocolError `HEAD_MALFORMED`, `HEAD_UNSUPPORTED`
 */
export function decodeHead(bytes: Uint8Array): UnverifiedHead {
  const envelope = decodeEnvelope(HEAD_KIND, bytes);
  return { envelope, head: parseHead(envelope.payload) };
}

/** The snapshot that a head names: the id in the URL of its statement. */
export function headSnapshotId({ sequence, statement }: Pick<Head, 'sequence' | 'statement'>): SnapshotId {
  return formatSnapshotId(sequence, statement);
}

/** The delegated keys that may sign this head: it must not be valid for longer than they are. */
export function headKeysFor({ headKeys = [] }: Statement, { validUntil }: Head): HeadKey[] {
  return headKeys
    .filter(({ notAfter }) => Date.parse(validUntil) <= Date.parse(notAfter))
    .map(({ key }) => fromHex(key) as HeadKey);
}

/** With less than this share of its life left, a head should have been renewed. */
const EXPIRING_SHARE = 0.25;

export type HeadState = 'fresh' | 'expiring' | 'expired';

/** Whether a publisher has to renew a head. @param now in milliseconds since 1970 */
export function headState({ issuedAt, validUntil }: Pick<Head, 'issuedAt' | 'validUntil'>, now: number): HeadState {
  const end = Date.parse(validUntil);
  if (now > end) return 'expired';
  return end - now < EXPIRING_SHARE * (end - Date.parse(issuedAt)) ? 'expiring' : 'fresh';
}
