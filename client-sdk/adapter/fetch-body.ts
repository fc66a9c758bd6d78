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

/**
 * Returns every reading of the body that a handler could use: a form if the content type declares
 * one, and JSON, which handlers parse whatever the content type.
 * @throws CredentialUnreadable
 */
export async function readingsOf(copy: Pick<Request, 'headers' | 'arrayBuffer'>): Promise<readonly object[]> {
  const type = copy.headers.get('content-type') ?? '';
  const mediaType = type.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const bytes = await copy.arrayBuffer().catch(() => {
    throw unreadable('the body is too long or was cut off');
  });
  if (bytes.byteLength === 0) return [];
  const json = jsonReading(bytes, /[/+]json$/.test(mediaType));
  return [...(FORMS.includes(mediaType) ? [await formReading(bytes, type)] : []), ...(json ? [json] : [])];
}

function jsonReading(bytes: ArrayBuffer, declared: boolean): object | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    // The platform's error quotes its input, which may contain a password.
    if (declared) throw unreadable('the body is not JSON');
    return undefined;
  }
}

async function formReading(bytes: ArrayBuffer, type: string): Promise<object> {
  const response = new Response(bytes, { headers: { 'content-type': type } });
  const form = await response.formData().catch(() => {
    throw unreadable('the body is not a form');
  });
  return fieldsOfForm(form);
}

/** A repeated name becomes a list, since a handler may use any of its values. */
export function fieldsOfForm(form: FormData): object {
  const names = [...new Set(form.keys())];
  return Object.fromEntries(
    names.map((name) => {
      const values = form.getAll(name);
      return [name, values.length === 1 ? values[0] : values];
    }),
  );
}
