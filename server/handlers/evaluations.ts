// POST /v1/lookup, /v1/evaluate and /v1/prove: the hot path of the `oprf` suite, on node:http alone. PROTOCOL.md §16.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Admission } from '../../access/admission.ts';
import type { BlindedElement } from '../../protocol/brands.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import {
  decodeElementsRequest,
  decodeLookupRequest,
  encodeEvaluateResponse,
  encodeLookupResponse,
  encodeProveResponse,
  MAX_REQUEST_BYTES,
} from '../../protocol/oprf-messages.ts';
import { DATA_HEADERS, sendProblem } from '../../runtime/http/problem.ts';
import { PROBLEMS, type ProblemCode } from '../../runtime/http/problems.ts';
import { bodyProblem, readBody } from '../../runtime/http/request-body.ts';
import type { Evaluator } from '../../store/dataset-key.ts';
import type { ServedSnapshots } from '../snapshots/snapshots.ts';
import { type EvaluationQueue, type IsWanted, proofWork, type Unevaluated } from './evaluation-queue.ts';
import { wantedSnapshot } from './snapshot-query.ts';

const TARGET = /^\/v1\/(lookup|evaluate|prove)(?:\?(.*))?$/;
type Route = 'lookup' | 'evaluate' | 'prove';

const HEADERS = ['Content-Type', 'application/octet-stream', 'Cache-Control', 'no-store', ...DATA_HEADERS];
const CLOSE = ['Connection', 'close'];
const RETRY = ['Retry-After', '1'];

interface Answer {
  readonly message: Uint8Array;
  readonly headers?: readonly string[];
}

/** What a message asks for, before any of it is done. */
interface Job {
  /** What is taken from a quota of evaluations. */
  readonly elements: number;
  /** In group operations. */
  readonly work: number;
  run(isWanted: IsWanted): Promise<Answer | ProblemCode | Unevaluated>;
}

/** Reads a message. @throws ProtocolError */
type ReadJob = (bytes: Uint8Array, query: string | undefined) => Job | ProblemCode;

/** Answers POST of these routes. False, and nothing done, for any other request. Rejects where the server is at fault. */
export type EvaluationHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  admission: Admission,
) => Promise<void> | false;

/** @param evaluator undefined under `hmac`: then the routes say so */
export function createEvaluationHandler(
  snapshots: ServedSnapshots,
  evaluator: Evaluator | undefined,
  queue: EvaluationQueue,
): EvaluationHandler {
  const routes = evaluator && createRoutes(snapshots, evaluator, queue);
  return (request, response, admission) => {
    if (request.method !== 'POST') return false;
    const target = TARGET.exec(request.url ?? '');
    if (!target) return false;
    const [, route, query] = target as unknown as [string, Route, string | undefined];
    return answer(request, response, admission, routes?.[route], query, queue);
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  admission: Admission,
  readJob: ReadJob | undefined,
  query: string | undefined,
  queue: EvaluationQueue,
): Promise<void> {
  const problem = readJob ? bodyProblem(request, MAX_REQUEST_BYTES) : 'SUITE_MISMATCH';
  // What follows on the connection may be a body that is not going to be read.
  if (!readJob || problem) return sendProblem(response, problem ?? 'SUITE_MISMATCH', CLOSE);
  if (request.headers.expect?.toLowerCase() === '100-continue') response.writeContinue();
  const bytes = await readBody(request);
  if (!bytes) return;
  const job = await orProblem(() => readJob(bytes, query));
  // Before anything is taken from a quota: who is told to come back has paid nothing.
  if (typeof job !== 'string' && !queue.hasRoom(job.work)) return sendProblem(response, 'OVERLOADED', RETRY);
  const evaluations = typeof job === 'string' ? 0 : job.elements;
  if (!(await admission.take({ requests: 1, evaluations }))) return;
  const answered = typeof job === 'string' ? job : await orProblem(() => job.run(() => request.socket.writable));
  if (answered === 'UNWANTED') response.destroy();
  else if (typeof answered === 'string') sendProblem(response, answered, answered === 'OVERLOADED' ? RETRY : []);
  else {
    const { message, headers = [] } = answered;
    response.writeHead(200, ['Content-Length', String(message.length), ...headers, ...HEADERS]).end(message);
  }
}

/** What a step comes to; or the problem where what was sent is malformed. */
async function orProblem<Result>(step: () => Result | Promise<Result>): Promise<Result | ProblemCode> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof ProtocolError && error.code in PROBLEMS) return error.code as ProblemCode;
    throw error;
  }
}

function createRoutes(
  snapshots: ServedSnapshots,
  evaluator: Evaluator,
  queue: EvaluationQueue,
): { readonly [route in Route]: ReadJob } {
  return {
    lookup(bytes, query) {
      const served = wantedSnapshot(snapshots, query);
      if (typeof served === 'string') return served;
      const index = served.snapshot.facts.indexes.account;
      if (!index) return 'INDEX_MISSING';
      const { bucketId, blindedElements } = decodeLookupRequest(bytes, index.prefixBits);
      return evaluationJob(blindedElements, async (isWanted) => {
        const evaluatedElements = await queue.blindEvaluate(evaluator, blindedElements, isWanted);
        if (typeof evaluatedElements === 'string') return evaluatedElements;
        // Read only now, so that what waits stays small. By now two newer snapshots may have closed this one.
        if (!snapshots.find(served.id)) return 'SNAPSHOT_GONE';
        const body = served.readBody('account', bucketId) as Buffer;
        return {
          message: encodeLookupResponse({ evaluatedElements, body }),
          headers: ['Credveil-Snapshot', served.id],
        };
      });
    },

    evaluate(bytes, query) {
      if (query !== undefined) return 'QUERY_MALFORMED';
      const blindedElements = decodeElementsRequest(bytes);
      return evaluationJob(blindedElements, async (isWanted) => {
        const evaluatedElements = await queue.blindEvaluate(evaluator, blindedElements, isWanted);
        if (typeof evaluatedElements === 'string') return evaluatedElements;
        return { message: encodeEvaluateResponse(evaluatedElements) };
      });
    },

    prove(bytes, query) {
      if (query !== undefined) return 'QUERY_MALFORMED';
      const blindedElements = decodeElementsRequest(bytes);
      return {
        elements: blindedElements.length,
        work: proofWork(blindedElements),
        async run(isWanted) {
          const proof = await queue.prove(evaluator, blindedElements, isWanted);
          return typeof proof === 'string' ? proof : { message: encodeProveResponse(proof) };
        },
      };
    },
  };
}

function evaluationJob({ length }: readonly BlindedElement[], run: Job['run']): Job {
  return { elements: length, work: length, run };
}
