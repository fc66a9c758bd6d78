// POST /v1/lookup, /v1/evaluate and /v1/prove: the hot path of the `oprf` suite, on node:http alone. PROTOCOL.md §16.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { ProtocolError } from '../protocol/errors.ts';
import {
  decodeElementsRequest,
  decodeLookupRequest,
  encodeEvaluateResponse,
  encodeLookupResponse,
  encodeProveResponse,
  MAX_REQUEST_BYTES,
} from '../protocol/lookup.ts';
import type { Evaluator } from '../store/key-file.ts';
import type { EvaluationQueue, IsWanted, Unevaluated } from './evaluation-queue.ts';
import { DATA_HEADERS, sendProblem } from './problem.ts';
import { PROBLEMS, type ProblemCode } from './problem-kinds.ts';
import { bodyProblem, readBody } from './request-body.ts';
import { wantedSnapshot } from './snapshot-query.ts';
import type { ServedSnapshots } from './snapshots.ts';

const TARGET = /^\/v1\/(lookup|evaluate|prove)(?:\?(.*))?$/;
type Route = 'lookup' | 'evaluate' | 'prove';

const HEADERS = ['Content-Type', 'application/octet-stream', 'Cache-Control', 'no-store', ...DATA_HEADERS];
const CLOSE = ['Connection', 'close'];
const RETRY = ['Retry-After', '1'];

interface Answer {
  readonly message: Uint8Array;
  readonly headers?: readonly string[];
}

/** Computes the answer to a message, or says why there is none. */
type Respond = (
  bytes: Uint8Array,
  query: string | undefined,
  isWanted: IsWanted,
) => Promise<Answer | ProblemCode | Unevaluated>;

/** Answers POST of these routes. False, and nothing done, for any other request. Rejects where the server is at fault. */
export type EvaluationHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void> | false;

/** @param evaluator undefined under `hmac`: then the routes say so */
export function createEvaluationHandler(
  snapshots: ServedSnapshots,
  evaluator: Evaluator | undefined,
  queue: EvaluationQueue,
): EvaluationHandler {
  const routes = evaluator && createRoutes(snapshots, evaluator, queue);
  return (request, response) => {
    if (request.method !== 'POST') return false;
    const target = TARGET.exec(request.url ?? '');
    if (!target) return false;
    const [, route, query] = target as unknown as [string, Route, string | undefined];
    return answer(request, response, routes?.[route], query);
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  respond: Respond | undefined,
  query: string | undefined,
): Promise<void> {
  const problem = respond ? bodyProblem(request, MAX_REQUEST_BYTES) : 'SUITE_MISMATCH';
  // What follows on the connection may be a body that is not going to be read.
  if (!respond || problem) return sendProblem(response, problem ?? 'SUITE_MISMATCH', CLOSE);
  if (request.headers.expect?.toLowerCase() === '100-continue') response.writeContinue();
  const bytes = await readBody(request);
  if (!bytes) return;
  let answered: Awaited<ReturnType<Respond>>;
  try {
    answered = await respond(bytes, query, () => request.socket.writable);
  } catch (error) {
    if (!(error instanceof ProtocolError) || !(error.code in PROBLEMS)) throw error;
    answered = error.code as ProblemCode;
  }
  if (answered === 'UNWANTED') response.destroy();
  else if (typeof answered === 'string') sendProblem(response, answered, answered === 'OVERLOADED' ? RETRY : []);
  else {
    const { message, headers = [] } = answered;
    response.writeHead(200, ['Content-Length', String(message.length), ...headers, ...HEADERS]).end(message);
  }
}

function createRoutes(
  snapshots: ServedSnapshots,
  evaluator: Evaluator,
  queue: EvaluationQueue,
): { readonly [route in Route]: Respond } {
  return {
    async lookup(bytes, query, isWanted) {
      const served = wantedSnapshot(snapshots, query);
      if (typeof served === 'string') return served;
      const index = served.snapshot.facts.indexes.account;
      if (!index) return 'INDEX_MISSING';
      const { bucketId, blindedElements } = decodeLookupRequest(bytes, index.prefixBits);
      const evaluatedElements = await queue.blindEvaluate(evaluator, blindedElements, isWanted);
      if (typeof evaluatedElements === 'string') return evaluatedElements;
      // Read only now, so that what waits stays small. By now two newer snapshots may have closed this one.
      if (!snapshots.find(served.id)) return 'SNAPSHOT_GONE';
      const body = served.readBody('account', bucketId) as Buffer;
      return {
        message: encodeLookupResponse({ evaluatedElements, body }),
        headers: ['Credveil-Snapshot', served.id],
      };
    },

    async evaluate(bytes, query, isWanted) {
      if (query !== undefined) return 'QUERY_MALFORMED';
      const evaluatedElements = await queue.blindEvaluate(evaluator, decodeElementsRequest(bytes), isWanted);
      if (typeof evaluatedElements === 'string') return evaluatedElements;
      return { message: encodeEvaluateResponse(evaluatedElements) };
    },

    async prove(bytes, query, isWanted) {
      if (query !== undefined) return 'QUERY_MALFORMED';
      const proof = await queue.prove(evaluator, decodeElementsRequest(bytes), isWanted);
      return typeof proof === 'string' ? proof : { message: encodeProveResponse(proof) };
    },
  };
}
