// A body as every server reads it, or what is wrong with it.

import { LOOKS_LIKE_JSON, type ReadAs } from './body-scan.ts';
import { type Decoded, decodeBody } from './content-coding.ts';
import { type BodyKind, hidesNames, readContentType } from './content-type.ts';
import { type Decompression, decompressionOf } from './decompress.ts';
import { type Field, type Fields, MAX_PAIRS, NO_FIELDS } from './fields.ts';
import { readForm } from './form.ts';
import { readJson } from './json.ts';
import { namesIn, readMultipart } from './multipart.ts';
import { readXmlRpc, type XmlRpcCall } from './xml-rpc.ts';

/** A login is a fraction of it. */
export const MAX_BODY_BYTES = 65_536;

export interface RawBody {
  /** Content-Type and Content-Encoding. */
  readonly type: string | undefined;
  readonly coding: string | undefined;
  readonly bytes: Buffer;
  /** Whether the bytes are all. */
  readonly isWhole: boolean;
}

/** What one kind of server finds in a body. */
export interface Reading extends Fields {
  readonly as: ReadAs;
  /** Its type names another kind: a password alone is no sign of a login. */
  readonly isGuess: boolean;
}

export interface ReadBody extends Fields {
  readonly kind: BodyKind;
  /** As a call of XML-RPC, whatever its type; undefined if it is none that reads in one way. */
  readonly call: () => XmlRpcCall | undefined;
  /** Each character is one byte, decoded. */
  readonly text: string;
  /** As it came, if that is something else. */
  readonly raw?: string;
  /** By its type, and by what it looks like. Their fields that are no guess are `fields`. */
  readonly readings: readonly Reading[];
  /** Fields of a server that decodes no compressed body. */
  readonly hidden: readonly Field[];
  /** What is wrong with its type, or it is not of its type. */
  readonly typeProblem?: string | undefined;
  readonly charsetProblem?: string | undefined;
  /** It may have more fields than were read. */
  readonly isUncertain: boolean;
  /** Why nothing of it can be read. */
  readonly fault?: 'too large' | 'unknown coding';
  /** How it may be decoded as it goes on, where that was not possible in one piece. */
  readonly decompression?: Decompression | undefined;
  /** No name of a field may be seen in it. */
  readonly isOpaque: boolean;
}

export function readBody({ type, coding, bytes, isWhole }: RawBody): ReadBody {
  const { kind, problem: ofType, charsetProblem } = readContentType(type);
  if (bytes.length === 0 && isWhole)
    return { ...NO_FIELDS, ...UNREAD, isUncertain: false, kind, typeProblem: undefined };
  const raw = bytes.toString('latin1');
  const isOpaque = hidesNames(type);
  const decoded: Decoded = isWhole || !coding ? decodeBody(bytes, coding, MAX_BODY_BYTES) : { fault: 'large' };
  if ('fault' in decoded) return unread(decoded.fault, { kind, raw, typeProblem: ofType, coding, isOpaque });
  const text = decoded.isCoded ? decoded.body.toString('latin1') : raw;
  const readings = readingsOf(kind, type ?? '', text, isWhole);
  const isCodedText = decoded.isCoded && MAY_BE_TEXT.test(raw);
  const hidden = decoded.isCoded ? hiddenIn(raw, kind) : NO_FIELDS;
  const isOfOther = kind !== 'multipart' && kind !== 'json' && MAY_BE_TEXT.test(text);
  return {
    kind,
    text,
    ...(decoded.isCoded && { raw }),
    readings,
    fields: certain(readings),
    isOpaque,
    charsetProblem,
    isUncertain: !isWhole || isCodedText || [hidden, ...readings].some(({ isBroken }) => isBroken),
    call: once(() => readXmlRpc(text)),
    problem: readings.find(({ isGuess }) => !isGuess)?.problem ?? (isCodedText ? 'it reads compressed too' : undefined),
    typeProblem: ofType ?? (isOfOther ? 'it is not of its content type' : undefined),
    hidden: hidden.fields,
    ...(!isWhole && { fault: 'too large' as const }),
  };
}

type Unread = Pick<ReadBody, 'kind' | 'typeProblem' | 'isOpaque'> & Pick<RawBody, 'coding'> & { readonly raw: string };

/** Servers that decode nothing read it all the same. */
function unread(
  fault: 'unknown' | 'malformed' | 'large',
  { kind, raw, typeProblem, coding, isOpaque }: Unread,
): ReadBody {
  const decompression = decompressionOf(coding);
  const isUnclear = decompression === 'unclear';
  const isUnknown = decompression === undefined && kind !== 'other' && kind !== 'xml';
  return {
    ...UNREAD,
    kind,
    typeProblem,
    raw,
    hidden: hiddenIn(raw, kind).fields,
    problem: 'it cannot be decompressed',
    isOpaque: isOpaque || isUnknown || isUnclear,
    ...(!isUnclear && { decompression }),
    ...(fault !== 'malformed' && { fault: fault === 'large' ? ('too large' as const) : ('unknown coding' as const) }),
  };
}

const UNREAD = {
  text: '',
  isUncertain: true,
  call: () => undefined,
  fields: [],
  readings: [],
  hidden: [],
  isOpaque: false,
};

const certain = (readings: readonly Reading[]): readonly Field[] =>
  readings.flatMap(({ isGuess, fields }) => (isGuess ? [] : fields));

export function once<Value>(compute: () => Value): () => Value {
  let computed: { readonly value: Value } | undefined;
  return () => {
    computed ??= { value: compute() };
    return computed.value;
  };
}

/** The beginning of JSON or XML. */
const MAY_BE_TEXT = /^(?:\xef\xbb\xbf)?\s*[{[<]/;

/** Many programs read JSON, and some read forms, whatever the type is. */
function readingsOf(kind: BodyKind, type: string, text: string, isWhole: boolean): readonly Reading[] {
  const looksLikeJson = kind === 'json' || LOOKS_LIKE_JSON.test(text);
  const form = { ...readForm(text, MAX_PAIRS), as: 'form' as const, isGuess: kind !== 'form' };
  // Of what is cut off, names are found by scans.
  const json =
    looksLikeJson && isWhole
      ? [{ ...readJson(text), as: 'json' as const, isGuess: kind === 'xml' || kind === 'other' }]
      : [];
  if (kind !== 'multipart') return [...json, form];
  const multipart = isWhole ? [{ ...readMultipart(type, text), as: 'multipart' as const, isGuess: false }] : [];
  return [...multipart, ...json, form];
}

const hiddenIn = (raw: string, kind: BodyKind): Fields =>
  kind === 'multipart' ? { fields: namesIn(raw) } : readForm(raw, MAX_PAIRS);
