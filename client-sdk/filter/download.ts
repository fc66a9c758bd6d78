// Downloads the filter of a snapshot from the service: streamed, and resumed after a broken
// connection.

import type { LayerId } from '../../protocol/brands.ts';
import { type FilterReason, LookupError, lookupFailure, type UnknownReason } from '../errors.ts';
import type { RequestEvent } from '../events.ts';
import type { FilterSource } from '../filter-source.ts';
import type { CheckerSettings } from '../options.ts';
import { layerQuery, type Snapshot } from '../publication/snapshot.ts';
import { createDeadline, type Deadline } from '../transport/deadline.ts';
import type { AnswerHeaders, BodyReader, FetchAnswer } from '../transport/fetch.ts';
import { refuseDocument } from '../transport/requests.ts';
import { FILTER_TIMEOUT_MS } from './filter-cache.ts';

/** Maximum wait for a response to begin, and for its next bytes. */
const STALL_MS = 30_000;
/** Maximum consecutive attempts to resume that bring no byte, and the pause before each. */
const MAX_FRUITLESS = 5;
const PAUSE_MS = 500;

interface Answer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body: BodyReader;
}

/** Requests the filter. @throws LookupError, or the error of fetch */
type Ask = (more: Readonly<Record<string, string>>, deadline: Deadline) => Promise<Answer>;

/** The service as the source of the filter of a layer. */
export function createServiceSource(
  { base, fetch: send, headers, events }: CheckerSettings,
  snapshot: Snapshot,
  layer: LayerId,
): FilterSource {
  const url = new URL(`v1/filter/password${layerQuery(snapshot, layer)}`, base).href;

  const ask: Ask = async (more, deadline) => {
    const response = await createDeadline(STALL_MS).race(() =>
      deadline.race(async () =>
        send(url, {
          headers: { ...headers, accept: 'application/octet-stream', 'accept-encoding': 'identity', ...more },
          signal: deadline.signal,
          redirect: 'error',
          credentials: 'omit',
          referrerPolicy: 'no-referrer',
        }),
      ),
    );
    const refusal = refuse(response);
    if (response.body && refusal === undefined)
      return { status: response.status, headers: response.headers, body: response.body.getReader() };
    response.body?.cancel().catch(() => {});
    throw refusal ?? lookupFailure('FILTER_MALFORMED', { detail: 'it is empty' });
  };

  return {
    async open() {
      const deadline = createDeadline(FILTER_TIMEOUT_MS);
      const startedAt = performance.now();
      const report: Report = (failed) =>
        events.request.emit({ route: 'filter', durationMs: performance.now() - startedAt, ...failed });
      try {
        const first = await ask({}, deadline);
        return { version: snapshot.snapshot, pieces: reported(readPieces(ask, first, deadline), report) };
      } catch (error) {
        const failure = asFailure(error);
        report(reasonFor(failure));
        throw failure;
      }
    },
  };
}

/** One event for the whole download, however often it is resumed. */
type Report = (failed?: Pick<RequestEvent, 'reason'>) => void;

const reasonFor = ({ code }: LookupError): Pick<RequestEvent, 'reason'> => ({
  reason: code as UnknownReason | FilterReason,
});

async function* reported(pieces: AsyncIterable<Uint8Array>, report: Report): AsyncGenerator<Uint8Array> {
  let failed: Pick<RequestEvent, 'reason'> = {};
  try {
    yield* pieces;
  } catch (error) {
    failed = reasonFor(asFailure(error));
    throw error;
  } finally {
    report(failed);
  }
}

/** Requests the rest of a filter after `received` bytes, and retries during a short outage. */
async function resume(ask: Ask, etag: string, received: number, deadline: Deadline): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    await pause(deadline);
    try {
      // RFC 9110 §13.1.5: if the ETag has changed, the response is the whole new filter.
      const answer = await ask({ range: `bytes=${received}-`, 'if-range': etag }, deadline);
      if (answer.status === 206 && answer.headers.get('content-range')?.startsWith(`bytes ${received}-`)) return answer;
      answer.body.cancel().catch(() => {});
      throw lookupFailure('SNAPSHOT_CHANGED', { detail: 'while its filter was downloaded' });
    } catch (error) {
      if (error instanceof LookupError && error.code !== 'TIMEOUT') throw error;
      if (attempt === MAX_FRUITLESS || deadline.signal.aborted) throw asFailure(error);
    }
  }
}

/** The filter's bytes, across broken connections. */
async function* readPieces(ask: Ask, first: Answer, deadline: Deadline): AsyncGenerator<Uint8Array> {
  const total = lengthOf(first);
  const etag = first.headers.get('etag') ?? '';
  let { body } = first;
  let received = 0;
  /** Consecutive answers without a byte: each is a right answer to its request. */
  let fruitless = 0;
  try {
    for (;;) {
      const piece = await createDeadline(STALL_MS)
        .race(() => deadline.race(() => body.read()))
        .catch((cause: unknown) => ({ broken: asFailure(cause) }));
      if (!('broken' in piece) && !piece.done) {
        received += piece.value.length;
        if (piece.value.length > 0) fruitless = 0;
        yield piece.value;
      } else {
        if (!('broken' in piece) && (total === undefined || received >= total)) return;
        body.cancel().catch(() => {});
        const broken =
          'broken' in piece ? piece.broken : lookupFailure('NETWORK', { detail: 'the filter is truncated' });
        // Only a strong ETag guarantees that the rest belongs to the received bytes.
        if (!etag.startsWith('"') || deadline.signal.aborted || fruitless++ === MAX_FRUITLESS) throw broken;
        ({ body } = await resume(ask, etag, received, deadline));
      }
    }
  } finally {
    // A no-op at the end of the body; earlier, it closes the connection.
    body.cancel().catch(() => {});
  }
}

function refuse({ status, headers }: FetchAnswer): LookupError | undefined {
  if (status === 404) return lookupFailure('FILTER_MISSING');
  const refusal = status === 206 ? undefined : refuseDocument(status);
  if (refusal) return refusal;
  // Byte ranges of a compressed filter do not match those of the file.
  return (headers.get('content-encoding') ?? 'identity') === 'identity'
    ? undefined
    : lookupFailure('FILTER_MALFORMED', { detail: 'it is compressed' });
}

function lengthOf({ headers }: Answer): number | undefined {
  const length = Number.parseInt(headers.get('content-length') ?? '', 10);
  return Number.isNaN(length) ? undefined : length;
}

function asFailure(cause: unknown): LookupError {
  return cause instanceof LookupError ? cause : lookupFailure('NETWORK', { cause });
}

/** Without setTimeout, which some platforms of the core lack. */
async function pause(deadline: Deadline): Promise<void> {
  await deadline.race(
    () => new Promise((resolve) => AbortSignal.timeout(PAUSE_MS).addEventListener('abort', () => resolve(undefined))),
  );
}
