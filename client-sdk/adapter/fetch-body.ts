// The fields in the body of a fetch request, read from a copy that is bounded in bytes: what runs behind has it whole.

import { unreadable } from './fields.ts';

/** Twice what a form with two fields of the longest kind that browsers remember could need. */
export const DEFAULT_MAX_BODY_BYTES = 65_536;

const FORMS: readonly string[] = ['application/x-www-form-urlencoded', 'multipart/form-data'];

/** A copy whose body breaks off with an error where it is longer than `maxBytes`. Cancel it when it is done with. */
export function boundedCopy(request: Request, maxBytes: number): Request {
  const { body, headers, method, url } = request.clone();
  if (!body) return new Request(url, { method, headers });
  let bytes = 0;
  const bound = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) throw unreadable('its body is too long');
      controller.enqueue(chunk);
    },
  });
  return new Request(url, streamed({ method, headers, body: body.pipeThrough(bound) }));
}

/** With `duplex`, which a body that is a stream needs and of which the type does not know. */
export function streamed(init: RequestInit): RequestInit {
  return Object.assign(init, { duplex: 'half' });
}

/** Lets go of what was not read, so that it is not kept for it. */
export function discard(copy: Request): void {
  if (copy.body && !copy.bodyUsed) copy.body.cancel().catch(() => {});
}

/**
 * Every way in which a handler could read the body: as the form that its type says, and as JSON, which handlers read whatever
 * its type says.
 * @throws CredentialUnreadable
 */
export async function readingsOf(copy: Pick<Request, 'headers' | 'arrayBuffer'>): Promise<readonly object[]> {
  const type = copy.headers.get('content-type') ?? '';
  const mediaType = type.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const bytes = await copy.arrayBuffer().catch(() => {
    throw unreadable('its body is too long, or broke off');
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
    // The platform's error quotes its input, which may hold a password.
    if (declared) throw unreadable('its body is not JSON');
    return undefined;
  }
}

async function formReading(bytes: ArrayBuffer, type: string): Promise<object> {
  const response = new Response(bytes, { headers: { 'content-type': type } });
  const form = await response.formData().catch(() => {
    throw unreadable('its body is not a form');
  });
  return fieldsOfForm(form);
}

/** A name that is there twice is a list: which one a handler takes cannot be told. */
export function fieldsOfForm(form: FormData): object {
  const names = [...new Set(form.keys())];
  return Object.fromEntries(
    names.map((name) => {
      const values = form.getAll(name);
      return [name, values.length === 1 ? values[0] : values];
    }),
  );
}
