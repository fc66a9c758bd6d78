// One request whose response is bounded in time and in bytes before it is buffered.

import { LookupError, lookupFailure } from '../errors.ts';
import type { Deadline } from './deadline.ts';
import type { AnswerHeaders, BodyReader, Fetch, FetchAnswer } from './fetch.ts';

export interface BoundedRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Present: the request is a POST. Absent: a GET. */
  readonly body?: Uint8Array<ArrayBuffer> | undefined;
  /** Maximum length of the response body. */
  readonly maxBytes: number;
  readonly deadline: Deadline;
  /** Inspects a response before its body is read. A returned error is thrown. */
  refuse(status: number, headers: AnswerHeaders): LookupError | undefined;
}

/** Initial buffer: most bodies fit, and it grows for longer ones. */
const FIRST_BYTES = 16_384;

/** @throws LookupError `TIMEOUT`, `ABORTED`, `NETWORK`, `BODY_TOO_LARGE`, or the one of `refuse` */
export async function fetchBounded(fetchOnce: Fetch, request: BoundedRequest): Promise<Uint8Array> {
  const { deadline } = request;
  try {
    const response = await deadline.race(async () =>
      fetchOnce(request.url.href, {
        headers: request.headers,
        ...(request.body && { method: 'POST', body: request.body }),
        signal: deadline.signal,
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

function tooLong({ headers }: FetchAnswer, maxBytes: number): LookupError | undefined {
  return Number(headers.get('content-length')) > maxBytes ? lookupFailure('BODY_TOO_LARGE') : undefined;
}

async function readBody(reader: BodyReader, maxBytes: number, deadline: Deadline): Promise<Uint8Array> {
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
    // A no-op after the last chunk; before it, this drops the connection.
    reader.cancel().catch(() => {});
  }
}
