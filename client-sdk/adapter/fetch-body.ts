// Reads the fields of a fetch request's body from a copy bounded in bytes, so that the handler
// still gets the whole body.

import { unreadable } from './fields.ts';

/** Twice the length of a form with two fields of the longest kind that browsers remember. */
export const DEFAULT_MAX_BODY_BYTES = 65_536;

const FORMS: readonly string[] = ['application/x-www-form-urlencoded', 'multipart/form-data'];

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

/** The fields of a body in each way that a handler could parse it. */
export interface ParsedBody {
  readonly sources: readonly object[];
  /** Why the body may have other fields; undefined if it cannot. */
  readonly unreadable?: string | undefined;
}

/**
 * Parses a body as the form that its content type declares, and as JSON and as a form of pairs,
 * which handlers parse whatever the content type.
 */
export async function parseBody(copy: Pick<Request, 'headers' | 'arrayBuffer'>): Promise<ParsedBody> {
  const type = copy.headers.get('content-type') ?? '';
  const mediaType = type.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const bytes = await copy.arrayBuffer().catch(() => undefined);
  if (!bytes) return { sources: [], unreadable: 'the body is too long or was cut off' };
  if (bytes.byteLength === 0) return { sources: [] };
  const text = new TextDecoder().decode(bytes);
  const declared = FORMS.includes(mediaType) ? [await formIn(bytes, type)] : [];
  const json = jsonIn(text);
  // A media type that the body does not have matters only if nothing else can be read.
  const isBroken = declared.includes(undefined) || (/[/+]json$/.test(mediaType) && json === undefined);
  return {
    sources: [...declared, json, fieldsOfForm(new URLSearchParams(text))].filter((source) => source !== undefined),
    unreadable: isBroken ? 'the body is not of its media type' : undefined,
  };
}

function jsonIn(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    // The platform's error quotes its input, which may contain a password.
    return undefined;
  }
}

async function formIn(bytes: ArrayBuffer, type: string): Promise<object | undefined> {
  const response = new Response(bytes, { headers: { 'content-type': type } });
  try {
    return fieldsOfForm(await response.formData());
  } catch {
    return undefined;
  }
}

/** A repeated name becomes a list, since a handler may use any of its values. */
export function fieldsOfForm(form: FormData | URLSearchParams): object {
  const names = [...new Set(form.keys())];
  return Object.fromEntries(
    names.map((name) => {
      const values: unknown[] = form.getAll(name);
      return [name, values.length === 1 ? values[0] : values];
    }),
  );
}
