// One request whose answer is bounded in time and in bytes before it is buffered.

import { LookupError, lookupFailure } from '../errors.ts';
import type { Deadline } from './deadline.ts';

export interface BoundedRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** With it the request is a POST, without it a GET. */
  readonly body?: Uint8Array<ArrayBuffer> | undefined;
  /** The longest body that is read. */
  readonly maxBytes: number;
  readonly deadline: Deadline;
  /** Looks at an answer before its body is read. What it returns is thrown. */
  refuse(status: number, headers: Headers): LookupError | undefined;
}

/** What most bodies fit in; more is taken as it comes. */
const FIRST_BYTES = 16_384;

/** @throws LookupError `TIMEOUT`, `ABORTED`, `NETWORK`, `BODY_TOO_LARGE`, or what `refuse` returns */
export async function fetchBounded(fetchOnce: typeof fetch, request: BoundedRequest): Promise<Uint8Array> {
  const { deadline } = request;
  try {
    const response = await deadline.race(async () =>
      fetchOnce(request.url.href, {
        headers: request.headers,
        ...(request.body && { method: 'POST', body: request.body }),
        signal: deadline.signal,
        // A redirect would take prefix and headers to whom nobody named.
        redirect: 'error',
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
      }),
    );
    const refusal = request.refuse(response.status, response.headers) ?? tooLong(response, request.maxBytes);
    if (refusal) {
      response.body?.cancel().catch(() => {});
      throw refusal;
    }
    return response.body ? await readBody(response.body.getReader(), request.maxBytes, deadline) : new Uint8Array(0);
  } catch (cause) {
    if (cause instanceof LookupError) throw cause;
    throw lookupFailure('NETWORK', { cause });
  }
}

function tooLong(response: Response, maxBytes: number): LookupError | undefined {
  return Number(response.headers.get('content-length')) > maxBytes ? lookupFailure('BODY_TOO_LARGE') : undefined;
}

async function readBody(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maxBytes: number,
  deadline: Deadline,
): Promise<Uint8Array> {
  let body = new Uint8Array(Math.min(maxBytes, FIRST_BYTES));
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await deadline.race(() => reader.read());
      if (done) return body.subarray(0, bytes);
      const end = bytes + value.length;
      if (end > maxBytes) throw lookupFailure('BODY_TOO_LARGE');
      if (end > body.length) {
        const longer = new Uint8Array(Math.min(maxBytes, Math.max(end, 2 * body.length)));
        longer.set(body.subarray(0, bytes));
        body = longer;
      }
      body.set(value, bytes);
      bytes = end;
    }
  } finally {
    // After the last chunk this does nothing; before it, the connection is given up.
    reader.cancel().catch(() => {});
  }
}
