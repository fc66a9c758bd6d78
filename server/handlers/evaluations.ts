// POST /v1/lookup, /v1/evaluate and /v1/prove: the hot path of the `oprf` suite, on node:http
// alone. PROTOCOL.md §16.

import type { BlindedElement } from '../../protocol/brands.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import {
  decodeElementsRequest,
  decodeLookupRequest,
  encodeEvaluateResponse,
  encodeLookupResponse,
  encodeProveResponse,
  evaluateResponseBytes,
  MAX_REQUEST_BYTES,
} from '../../protocol/oprf-messages.ts';
import { PROOF_BYTES } from '../../protocol/oprf-suite.ts';
import { DATA_HEADERS, type HeaderBlock, headerBlock } from '../../runtime/http/headers.ts';
import { partyOf } from '../../runtime/http/per-address.ts';
import { ProblemError } from '../../runtime/http/problem.ts';
import { PROBLEMS, type ProblemCode } from '../../runtime/http/problems.ts';
import { assertBody, readBody } from '../../runtime/http/request-body.ts';
import type { Evaluator } from '../../store/dataset-key.ts';
import type { PaddedBody } from '../../store/snapshot/snapshot.ts';
import type { CreateHandler, ServiceContext, ServiceExchange } from '../exchange.ts';
import { giveBack } from '../snapshots/bucket-bodies.ts';
import { type IsWanted, overloaded, proofWork } from './evaluation-queue.ts';
import { requestedSnapshot } from './snapshot-query.ts';

const HEADERS: HeaderBlock = [...headerBlock({ 'Content-Type': 'application/octet-stream' }), ...DATA_HEADERS];

interface Answer {
  readonly message: Uint8Array;
  readonly headers?: HeaderBlock;
}

/** The work that a message asks for, before any of it is done. */
interface Job {
  /** Counted against a quota of evaluations. */
  readonly elements: number;
  /** In group operations. */
  readonly work: number;
  /** Length of the answer; of a lookup, as if its bucket were the longest of the index. */
  readonly answerBytes: number;
  run(isWanted: IsWanted, owner: string): Promise<Answer>;
}

/**
 * Reads a message.
 * @throws ProtocolError if it is malformed
 * @throws ProblemError if it cannot be answered
 */
type ReadJob = (bytes: Uint8Array, query: string | undefined) => Job;
type CreateReadJob = (context: ServiceContext, evaluator: Evaluator) => ReadJob;

/** Without a key the handler answers with EVALUATOR_MISSING, under `hmac` with SUITE_MISMATCH. */
export const createEvaluationHandler =
  (name: keyof typeof MESSAGES): CreateHandler =>
  (context) => {
    const { evaluator, dataset } = context.service;
    if (evaluator) {
      const readJob = MESSAGES[name](context, evaluator);
      return (exchange) => evaluate(exchange, context, readJob);
    }
    const code = dataset.parameters.suite === 'oprf' ? 'EVALUATOR_MISSING' : 'SUITE_MISMATCH';
    return () => {
      throw new ProblemError(code, { close: true });
    };
  };

async function evaluate(exchange: ServiceExchange, { queue }: ServiceContext, readJob: ReadJob): Promise<void> {
  const { request, response, admission } = exchange;
  assertBody(request, MAX_REQUEST_BYTES);
  if (request.headers.expect?.toLowerCase() === '100-continue') response.writeContinue();
  const bytes = await readBody(request);
  let job: Job;
  try {
    job = readJob(bytes, exchange.query);
  } catch (error) {
    await admission.take({ requests: 1, evaluations: 0 });
    throw asProblem(error);
  }
  const owner = ownerOf(exchange);
  // Without the elements: a client that has to come back has paid for asking alone.
  if (!queue.hasRoom(job.work, owner)) {
    await admission.take({ requests: 1, evaluations: 0 });
    throw overloaded();
  }
  await admission.take({ requests: 1, evaluations: job.elements, bytes: job.answerBytes });
  try {
    const { message, headers = [] } = await job.run(() => request.socket.writable, owner);
    exchange.reply(200, [...headers, ...HEADERS], message);
  } catch (error) {
    throw asProblem(error);
  }
}

/** Who shares a turn at the evaluator: a client, or an anonymous one's address or network. */
const ownerOf = ({ admission, request }: ServiceExchange): string =>
  admission.client?.id ?? partyOf(request.socket.remoteAddress ?? '');

/** A message that the protocol refuses is a problem of its sender. */
function asProblem(error: unknown): unknown {
  if (error instanceof ProtocolError && error.code in PROBLEMS) return new ProblemError(error.code as ProblemCode);
  return error;
}

const readLookup: CreateReadJob =
  ({ service: { snapshots }, queue }, evaluator) =>
  (bytes, query) => {
    const served = requestedSnapshot(snapshots, query);
    const index = served.snapshot.facts.indexes.account;
    if (!index) throw new ProblemError('INDEX_MISSING');
    const { bucketId, blindedElements } = decodeLookupRequest(bytes, index.prefixBits);
    const bodyBytes = index.bodyBytes.at(-1) ?? 0;
    return evaluationJob(blindedElements, bodyBytes, async (isWanted, owner) => {
      const evaluatedElements = await queue.blindEvaluate(evaluator, blindedElements, isWanted, owner);
      // The bucket is read only now, so that a waiting job stays small. Meanwhile two newer
      // snapshots may have closed this one.
      if (!snapshots.find(served.id)) throw new ProblemError('SNAPSHOT_GONE');
      const body = served.readBody('account', bucketId) as PaddedBody;
      const message = encodeLookupResponse({ evaluatedElements, body: body.bytes });
      giveBack(body);
      return {
        message,
        headers: ['Credveil-Snapshot', served.id],
      };
    });
  };

const readEvaluate: CreateReadJob =
  ({ queue }, evaluator) =>
  (bytes, query) => {
    if (query !== undefined) throw new ProblemError('QUERY_MALFORMED');
    const blindedElements = decodeElementsRequest(bytes);
    return evaluationJob(blindedElements, 0, async (isWanted, owner) => ({
      message: encodeEvaluateResponse(await queue.blindEvaluate(evaluator, blindedElements, isWanted, owner)),
    }));
  };

const readProve: CreateReadJob =
  ({ queue }, evaluator) =>
  (bytes, query) => {
    if (query !== undefined) throw new ProblemError('QUERY_MALFORMED');
    const blindedElements = decodeElementsRequest(bytes);
    return {
      elements: blindedElements.length,
      work: proofWork(blindedElements),
      answerBytes: 1 + PROOF_BYTES,
      run: async (isWanted, owner) => ({
        message: encodeProveResponse(await queue.prove(evaluator, blindedElements, isWanted, owner)),
      }),
    };
  };

const MESSAGES = { lookup: readLookup, evaluate: readEvaluate, prove: readProve } as const;

function evaluationJob({ length }: readonly BlindedElement[], bodyBytes: number, run: Job['run']): Job {
  return { elements: length, work: length, answerBytes: evaluateResponseBytes(length) + bodyBytes, run };
}
