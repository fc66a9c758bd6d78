// Requests below the base URL of the service, the event of each, and the failures that a status or
// a header means.

import type { SnapshotId } from '../../protocol/brands.ts';
import { type LookupError, lookupFailure, reasonOf } from '../errors.ts';
import type { RequestEvent } from '../events.ts';
import type { CheckerSettings, Endpoint } from '../options.ts';
import { fetchBounded } from './bounded-fetch.ts';
import type { Deadline } from './deadline.ts';
import type { AnswerHeaders } from './fetch.ts';
import { createRefusals } from './retry-after.ts';

/** Per-request parameters. */
export interface ServiceRequest {
  readonly path: string;
  /** Default: the endpoint of the settings. */
  readonly to?: Endpoint | undefined;
  readonly accept: string;
  /** Of the bytes that are asked for; without it, all. */
  readonly range?: string;
  /** The body of a POST; without it, the request is a GET. */
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly maxBytes: number;
  readonly deadline: Deadline;
  /** The failure that status and headers mean, before the body is read. */
  refuse(status: number, headers: AnswerHeaders): LookupError | undefined;
}

/** Sends a request below the base URL of its endpoint. @throws LookupError */
export type Send = (request: ServiceRequest) => Promise<Uint8Array>;

export const OCTETS = 'application/octet-stream';

/** Sends requests and emits an event for each. None is sent while a refusal asks to wait. */
export function createSend({ maxBodyBytes, events, fetch: fetchOnce, ...place }: CheckerSettings): Send {
  const refusals = createRefusals();
  const reported = async (path: string, request: () => Promise<Uint8Array>): Promise<Uint8Array> => {
    if (!events.request.isHeard()) return request();
    const startedAt = performance.now();
    const report = (failed?: Pick<RequestEvent, 'reason'>): void =>
      events.request.emit({ route: routeOf(path), durationMs: performance.now() - startedAt, ...failed });
    try {
      const answer = await request();
      report();
      return answer;
    } catch (error) {
      report({ reason: reasonOf(error) });
      throw error;
    }
  };

  return async ({ path, to = place, accept, range, body, maxBytes, deadline, refuse }) => {
    const asked = to.base + routeOf(path);
    refusals.assertOver(asked);
    return reported(path, () =>
      fetchBounded(fetchOnce, {
        url: new URL(path, to.base),
        headers: {
          ...to.headers,
          accept,
          'accept-encoding': 'identity',
          ...(range && { range }),
          ...(body && { 'content-type': OCTETS }),
        },
        body,
        maxBytes: Math.min(maxBodyBytes, maxBytes),
        deadline,
        refuse: (status, headers) => {
          const failure = refuse(status, headers);
          if (failure) refusals.add(asked, failure, status, headers);
          return failure;
        },
      }),
    );
  };
}

/** The first segment of a path below /v1/. The next one may be a prefix. */
function routeOf(path: string): string {
  return /^v1\/([a-z]+)/.exec(path)?.[1] ?? 'other';
}

export function refuseStatus(status: number): LookupError | undefined {
  if (status === 200) return undefined;
  if (status === 401) return lookupFailure('CLIENT_REFUSED');
  return status === 429
    ? lookupFailure('QUOTA_EXCEEDED')
    : lookupFailure('HTTP_STATUS', { detail: `status ${status}` });
}

/** For the documents of a snapshot. 410 Gone: the service no longer has it. */
export function refuseDocument(status: number): LookupError | undefined {
  return status === 410 ? lookupFailure('SNAPSHOT_CHANGED') : refuseStatus(status);
}

/** For binary responses that belong to a snapshot. */
export function refuseOctets(asked: SnapshotId): ServiceRequest['refuse'] {
  return (status, headers) => refuseSnapshot(asked, status, headers) ?? refuseStatus(status) ?? refuseCoding(headers);
}

/**
 * 410 Gone: the service no longer serves the snapshot. The header detects caches that ignore the
 * query.
 */
function refuseSnapshot(asked: SnapshotId, status: number, headers: AnswerHeaders): LookupError | undefined {
  const served = headers.get('credveil-snapshot');
  return status === 410 || (served !== null && served !== asked) ? lookupFailure('SNAPSHOT_CHANGED') : undefined;
}

/** The length of a compressed body would reveal what padding hides. */
function refuseCoding(headers: AnswerHeaders): LookupError | undefined {
  const coding = headers.get('content-encoding') ?? 'identity';
  return coding === 'identity' ? undefined : lookupFailure('BODY_MALFORMED', { detail: 'it is compressed' });
}
