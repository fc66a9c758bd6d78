// Reads the fields of a fetch request's body from a copy bounded in bytes, so that the handler
// still gets the whole body.

import { unreadable } from './fields.ts';
import { isPlainMultipart } from './plain-multipart.ts';

/** Twice the length of a form with two fields of the longest kind that browsers remember. */
export const DEFAULT_MAX_BODY_BYTES = 65_536;

/** A copy whose body fails with an error beyond `maxBytes`. Pass it to `discard` after use. */
export function boundedCopy(request: Request, maxBytes: number): Request {
  const { body, headers, method, url } = request.clone();
  if (!body) return new Request(url, { method, headers });
  let bytes = 0;
  const bound = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) throw unreadable('the body is too long');
      controller.enqueue(chunk);
    },
  });
  return new Request(url, streamed({ method, headers, body: body.pipeThrough(bound) }));
}

/** Adds `duplex`, which fetch requires for a stream body and which the type lacks. */
export function streamed(init: RequestInit): RequestInit {
  return Object.assign(init, { duplex: 'half' });
}

/** Cancels the body of a copy that nobody read, so that the platform stops buffering for it. */
export function discard(copy: Request): void {
  if (copy.body && !copy.bodyUsed) copy.body.cancel().catch(() => {});
}

export type Form = FormData | URLSearchParams;

/** The fields of a body in each way that a handler could parse it. */
export interface ParsedBody {
  readonly isSent: boolean;
  readonly objects: readonly object[];
  readonly forms: readonly Form[];
  /** Why the body may have other fields; undefined if it cannot. */
  readonly unreadable?: string | undefined;
  /** The same of a body that may be no login: of another media type than JSON and forms. */
  readonly doubt?: string | undefined;
}

const JSON_TYPE = /[/+]json\s*(?:;|$)/i;
const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;
/** Anywhere, since parsers differ in how they find it. */
const MULTIPART_TYPE = /multipart/i;
/** Two pairs or more in the alphabet of a form. */
const PAIRS = /^[\w\-.~!$'()*+,;:@/?%]+=[\w\-.~!$'()*+,;:@/?%]*(?:&[\w\-.~!$'()*+,;:@/?%]+=[\w\-.~!$'()*+,;:@/?%]*)+$/;

/**
 * Parses a body as the form that its content type declares, and as JSON and as a form of pairs,
 * which handlers parse whatever the content type.
 */
export async function parseBody(copy: Pick<Request, 'headers' | 'arrayBuffer'>): Promise<ParsedBody> {
  const type = copy.headers.get('content-type') ?? '';
  const bytes = await copy.arrayBuffer().catch(() => undefined);
  if (!bytes) return { isSent: true, objects: [], forms: [], unreadable: 'the body is too long or was cut off' };
  if (bytes.byteLength === 0) return { isSent: false, objects: [], forms: [] };
  const texts = await textsOf(bytes, type);
  const isMultipart = MULTIPART_TYPE.test(type);
  const formData = isMultipart || FORM_TYPE.test(type) ? await formDataIn(bytes, type) : undefined;
  const mistake = /^(?:identity)?$/i.test(copy.headers.get('content-encoding') ?? '')
    ? mistakeIn(texts, type, formData !== undefined)
    : 'the body is compressed';
  const isDeclared = isMultipart || FORM_TYPE.test(type) || JSON_TYPE.test(type);
  return {
    isSent: true,
    objects: texts.all.map(objectIn).filter((found) => found !== undefined),
    forms: [...(formData ? [formData] : []), ...texts.all.map((text) => new URLSearchParams(text))],
    [isDeclared ? 'unreadable' : 'doubt']: mistake,
  };
}

/** The texts that handlers may decode a body to. */
interface Texts {
  /** In UTF-8, with its BOMs. */
  readonly raw: string;
  /** As `request.text()` and `request.json()` decode it. */
  readonly ofPlatform: string;
  readonly all: readonly string[];
  /** Whether the charset is known. */
  readonly isLabelled: boolean;
}

/** Some decoders drop a BOM, Node 24 drops two, and handlers trim. */
async function textsOf(bytes: ArrayBuffer, type: string): Promise<Texts> {
  const raw = decode(bytes, 'utf-8') ?? '';
  const ofPlatform = await new Response(bytes).text();
  const labels = [...type.matchAll(/charset\s*=\s*["']?([^\s"';,]*)/gi)];
  const labelled = labels.length === 1 ? decode(bytes, labels[0]?.[1] ?? '') : undefined;
  const decoded = labelled === undefined ? [raw] : [raw, labelled];
  const all = [ofPlatform, ...decoded.flatMap((text) => [text, text.replace(/^\ufeff/, ''), text.trim()])];
  return { raw, ofPlatform, all: [...new Set(all)], isLabelled: labels.length === 0 || labelled !== undefined };
}

function decode(bytes: ArrayBuffer, label: string): string | undefined {
  try {
    return new TextDecoder(label, { ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Why parsers may read a body in different ways, or refuse it. */
function mistakeIn({ raw, ofPlatform, isLabelled }: Texts, type: string, isForm: boolean): string | undefined {
  const mismatch = 'the body is not of its media type';
  if (MULTIPART_TYPE.test(type)) return isForm && isPlainMultipart(type, raw) ? undefined : mismatch;
  if (!isLabelled || raw.includes('\ufffd')) return 'the body is in an unknown encoding';
  if (objectIn(ofPlatform)) return undefined;
  if (FORM_TYPE.test(type)) return isDecodable(raw) ? undefined : mismatch;
  return !JSON_TYPE.test(type) && PAIRS.test(raw) && isDecodable(raw) ? undefined : mismatch;
}

/** Whether all parsers decode the escapes of a form alike. */
export function isDecodable(pairs: string): boolean {
  try {
    decodeURIComponent(pairs);
    return true;
  } catch {
    return false;
  }
}

function objectIn(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    // The platform's error quotes its input, which may contain a password.
    return undefined;
  }
}

async function formDataIn(bytes: ArrayBuffer, type: string): Promise<FormData | undefined> {
  try {
    return await new Response(bytes, { headers: { 'content-type': type } }).formData();
  } catch {
    return undefined;
  }
}
