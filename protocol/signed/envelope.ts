// The envelope of a statement or a head: DSSE 1.0, which authenticates the bytes that are sent.
// PROTOCOL.md §8.
//
//   { "payloadType": "application/vnd.credveil.<kind>.v2+json",
//     "payload": base64, "signatures": [{ "keyid", "sig": base64 }] }
//
//   PAE = "DSSEv1" SP length SP payloadType SP length SP payload       // lengths in decimal
//
// A reader verifies the payload before it parses it.

import type { SealKey } from '../brands.ts';
import { concatBytes, encodeUtf8, equalBytes } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { nobleHmacSha256 } from '../seal.ts';
import {
  array,
  type DocumentKind,
  type Members,
  object,
  oneOf,
  parseDocument,
  parseMembers,
  refuseMember,
  required,
  text,
} from './members.ts';
import { parseStrictJson } from './strict-json.ts';

/** What an envelope holds. */
export interface EnvelopeKind extends DocumentKind {
  readonly payloadType: string;
  /** Maximum length of the envelope. */
  readonly maxBytes: number;
  /** The error of a signature that does not verify. */
  readonly forged: 'STATEMENT_FORGED' | 'HEAD_FORGED';
}

export const STATEMENT_KIND: EnvelopeKind = {
  name: 'statement',
  payloadType: 'application/vnd.credveil.snapshot.v2+json',
  maxBytes: 65_536,
  code: 'STATEMENT_MALFORMED',
  hint: 'Check that the URL is that of a Credveil server of this version.',
  forged: 'STATEMENT_FORGED',
};

export const HEAD_KIND: EnvelopeKind = {
  name: 'head',
  payloadType: 'application/vnd.credveil.head.v2+json',
  maxBytes: 4096,
  code: 'HEAD_MALFORMED',
  hint: 'Check that the URL is that of a Credveil server of this version.',
  forged: 'HEAD_FORGED',
};

/** The `keyid` of an envelope that is authenticated with the seal key. */
export const MAC_KEY_ID = 'mac';

/** A decoded envelope. Its payload is not trustworthy before `openEnvelope` has verified it. */
export interface Envelope {
  readonly payload: Uint8Array;
  readonly keyid: string;
  readonly signature: Uint8Array;
}

/** Verifies signatures of one key, which `keyid` names. */
export interface Verifier {
  readonly keyid: string;
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}

/** Makes signatures of one key, which `keyid` names. */
export interface Signer {
  readonly keyid: string;
  sign(message: Uint8Array): Uint8Array;
}

/** What is authenticated: DSSE's pre-authentication encoding. */
export function preAuthEncoding({ payloadType }: EnvelopeKind, payload: Uint8Array): Uint8Array {
  return concatBytes(encodeUtf8(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `), payload);
}

/** @returns the envelope as JSON without white space */
export function sealEnvelope(kind: EnvelopeKind, payload: Uint8Array, signer: Signer): string {
  const sig = signer.sign(preAuthEncoding(kind, payload));
  const signatures = [{ keyid: signer.keyid, sig: toBase64(sig) }];
  return JSON.stringify({ payloadType: kind.payloadType, payload: toBase64(payload), signatures });
}

interface SignatureJson {
  readonly keyid: string;
  readonly sig: string;
}

interface EnvelopeJson {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly SignatureJson[];
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

const SIGNATURE_MEMBERS: Members<SignatureJson> = {
  keyid: required(text(/^(mac|[0-9a-f]{16})$/)),
  sig: required(text(BASE64)),
};

/**
 * Decodes an envelope without verifying it.
 * @throws ProtocolError `STATEMENT_MALFORMED`, `HEAD_MALFORMED`
 */
export function decodeEnvelope(kind: EnvelopeKind, bytes: Uint8Array): Envelope {
  const members: Members<EnvelopeJson> = {
    payloadType: required(oneOf([kind.payloadType])),
    payload: required(text(BASE64)),
    signatures: required(array(object(SIGNATURE_MEMBERS), 1, 1)),
  };
  return parseDocument(kind, () => {
    if (bytes.length > kind.maxBytes) refuseMember(`it is longer than ${kind.maxBytes} bytes`);
    const json = parseMembers(parseStrictJson(bytes, 'the envelope'), 'the envelope', members);
    const [{ keyid, sig }] = json.signatures as [SignatureJson];
    return { payload: fromBase64(json.payload, 'the payload'), keyid, signature: fromBase64(sig, 'the signature') };
  });
}

/**
 * Verifies an envelope.
 * @param verifiers the keys that may authenticate it
 * @returns the payload
 * @throws ProtocolError `STATEMENT_FORGED`, `HEAD_FORGED`
 */
export function verifyEnvelope(
  kind: EnvelopeKind,
  { payload, keyid, signature }: Envelope,
  verifiers: readonly Verifier[],
): Uint8Array {
  const verifier = verifiers.find((known) => known.keyid === keyid);
  if (!verifier?.verify(preAuthEncoding(kind, payload), signature))
    throw new ProtocolError(
      kind.forged,
      `the ${kind.name} is not authentic: no key of this dataset made it`,
      'Something between the publisher and this process altered it, or it belongs to another dataset or key.',
    );
  return payload;
}

/** Decodes and verifies an envelope. @returns the payload @throws as both */
export function openEnvelope(kind: EnvelopeKind, bytes: Uint8Array, verifiers: readonly Verifier[]): Uint8Array {
  return verifyEnvelope(kind, decodeEnvelope(kind, bytes), verifiers);
}

/** Signs and verifies with the seal key: `auth` "mac". Every holder of the key can do both. */
export function createMac(key: SealKey): Signer & Verifier {
  const sign = (message: Uint8Array): Uint8Array => nobleHmacSha256(key, message);
  return { keyid: MAC_KEY_ID, sign, verify: (message, signature) => equalBytes(sign(message), signature) };
}

function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** @param base64 text of the alphabet @throws MemberError for any spelling but the canonical one */
function fromBase64(base64: string, what: string): Uint8Array {
  let binary = '';
  try {
    binary = atob(base64);
  } catch {
    refuseMember(`${what} is not base64`);
  }
  // The last character has unused bits, which must be zero.
  if (btoa(binary) !== base64) refuseMember(`${what} is not canonical base64`);
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
