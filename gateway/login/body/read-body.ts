// A body as every server reads it, or what is wrong with it.

import { type Decoded, decodeBody } from './content-coding.ts';
import { type BodyKind, readContentType } from './content-type.ts';
import { type Field, type Fields, NO_FIELDS } from './fields.ts';
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

export interface ReadBody extends Fields {
  readonly kind: BodyKind;
  readonly isCoded: boolean;
  /** As a call of XML-RPC, whatever its type; undefined if it is none that reads in one way. */
  readonly call: () => XmlRpcCall | undefined;
  /** Each character is one byte, decoded. */
  readonly text: string;
  /** Fields of a server that decodes no compressed body. */
  readonly hidden: readonly Field[];
  /** Why nothing of it can be read. */
  readonly fault?: 'too large' | 'unknown coding';
}

export function readBody({ type, coding, bytes, isWhole }: RawBody): ReadBody {
  const { kind, problem: ofType } = readContentType(type);
  if (bytes.length === 0 && isWhole) return { ...NO_FIELDS, ...UNREAD, kind, hidden: [] };
  const raw = bytes.toString('latin1');
  const decoded: Decoded = isWhole || !coding ? decodeBody(bytes, coding, MAX_BODY_BYTES) : { fault: 'large' };
  if ('fault' in decoded) {
    const problem = 'it cannot be decompressed';
    const unread = { ...UNREAD, fields: [], problem, kind, hidden: hiddenIn(raw, kind) };
    if (decoded.fault === 'malformed') return unread;
    return { ...unread, fault: decoded.fault === 'large' ? 'too large' : 'unknown coding' };
  }
  const text = decoded.isCoded ? decoded.body.toString('latin1') : raw;
  const { fields, problem } = fieldsOf(kind, type ?? '', text);
  const isCodedText = decoded.isCoded && MAY_BE_TEXT.test(raw);
  return {
    kind,
    text,
    fields,
    isCoded: decoded.isCoded,
    call: once(() => readXmlRpc(text)),
    problem: ofType ?? problem ?? (isCodedText ? 'it reads compressed too' : undefined),
    hidden: decoded.isCoded ? hiddenIn(raw, kind) : [],
    ...(!isWhole && { fault: 'too large' as const }),
  };
}

const UNREAD = { text: '', isCoded: false, call: () => undefined };

function once<Value>(compute: () => Value): () => Value {
  let computed: { readonly value: Value } | undefined;
  return () => {
    computed ??= { value: compute() };
    return computed.value;
  };
}

/** The beginning of JSON or XML. */
const MAY_BE_TEXT = /^(?:\xef\xbb\xbf)?\s*[{[<]/;

function fieldsOf(kind: BodyKind, type: string, text: string): Fields {
  if (kind === 'multipart') return readMultipart(type, text);
  if (kind === 'json') return readJson(text);
  if (!MAY_BE_TEXT.test(text)) return readForm(text);
  // Many programs read JSON whatever the type is.
  const { fields } = readJson(text);
  return { fields: [...fields, ...readForm(text).fields], problem: 'it is not of its content type' };
}

const hiddenIn = (raw: string, kind: BodyKind): readonly Field[] =>
  kind === 'multipart' ? namesIn(raw) : readForm(raw).fields;
