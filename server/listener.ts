// The way of a request: gate, dataset, route, admission, evaluation, bucket, range, filter, and express for the rest.

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type Admission, type Admit, ANONYMOUS } from '../access/admission.ts';
import type { OnEvent } from '../runtime/events.ts';
import { originForm, refuseBody, refuseRequest } from '../runtime/http/gate.ts';
import { sendProblem } from '../runtime/http/problem.ts';
import type { ServerLimits } from '../runtime/limits.ts';
import { findRoute } from './api/routes.ts';
import { createBucketHandler } from './handlers/buckets.ts';
import { createApp, type ServerState, sendInternal } from './handlers/documents.ts';
import { EvaluationQueue } from './handlers/evaluation-queue.ts';
import { createEvaluationHandler } from './handlers/evaluations.ts';
import { createFilterHandler } from './handlers/filter.ts';
import { createRangeHandler } from './handlers/ranges.ts';
import type { Observe, RequestFacts } from './observe/observation.ts';
import { createPageFiles, createPageHandler, type PageHandler, type PageSources } from './pages/pages.ts';
import type { Service } from './service.ts';

/** The path of a dataset other than the first one, and of the first one too. */
const DATASET_TARGET = /^\/d\/([^/?]*)(\/(?:v1\/|range\b).*)$/;
const ONE_REQUEST = { requests: 1, evaluations: 0 };

/** Undefined where everything is done on return. */
type Handle = (request: IncomingMessage, response: ServerResponse, admission: Admission) => Promise<void> | undefined;

export interface ListenerParts {
  readonly state: ServerState;
  readonly limits: Required<ServerLimits>;
  readonly onEvent: OnEvent;
  readonly admit: Admit;
  readonly observe: Observe;
  /** Undefined where there are none. */
  readonly pages: Pick<PageSources, 'rates'> | undefined;
}

/** @param services the first one answers where the path names no dataset */
export function createListener(
  services: readonly [Service, ...Service[]],
  { state, limits, onEvent, admit, observe, pages }: ListenerParts,
): RequestListener {
  const queue = new EvaluationQueue(limits.maxWaitingElements);
  const files = createPageFiles();
  const handles = services.map((service) => {
    const answerPage = pages && createPageHandler({ snapshots: service.snapshots, files, ...pages });
    return createHandle(service, queue, limits, createApp(services, service, state, onEvent), answerPage);
  });
  const byDataset = new Map(services.map(({ dataset }, i) => [dataset.id as string, handles[i]]));
  const [first] = handles as [Handle];

  const handle = (request: IncomingMessage, response: ServerResponse, facts: RequestFacts) => {
    if (refuseRequest(request, response, limits.maxUrlBytes)) return undefined;
    const url = request.url?.startsWith('/') ? request.url : originForm(request.url ?? '');
    request.url = url;
    const target = url.startsWith('/d/') ? DATASET_TARGET.exec(url) : null;
    if (!target) return answer(first, request, response, facts);
    const [, dataset, path] = target as unknown as [string, string, string];
    const named = byDataset.get(dataset);
    request.url = path;
    if (named) return answer(named, request, response, facts);
    sendProblem(response, 'DATASET_MISSING', ['Connection', 'close']);
    return undefined;
  };

  const answer = (
    named: Handle,
    request: IncomingMessage,
    response: ServerResponse,
    facts: RequestFacts,
  ): Promise<void> | undefined => {
    const [path = ''] = (request.url ?? '').split('?', 1);
    const route = findRoute(path);
    facts.route = route;
    if (!route) {
      if (!refuseBody(request, response)) sendProblem(response, 'ROUTE_MISSING');
      return undefined;
    }
    // A browser's question before the question has no key with it.
    if (route.access === 'open' || request.method === 'OPTIONS') return named(request, response, ANONYMOUS);
    const admission = admit(request, response);
    if (!admission) return undefined;
    facts.client = admission.client;
    const taken = route.access === 'metered' ? admission.take(ONE_REQUEST) : true;
    if (taken === true) return named(request, response, admission);
    return taken ? taken.then((allowed) => (allowed ? named(request, response, admission) : undefined)) : undefined;
  };

  return (request, response) => {
    const facts: RequestFacts = { route: undefined, client: undefined };
    const observed = observe(request, response, facts);
    // Armed only where the kernel did not take the whole answer at once: a timer a request would cost a microsecond.
    const watch = (): void => {
      if (response.writableLength > 0) request.socket.setTimeout(limits.stalledTimeoutMs);
      observed();
    };
    const fail = (error: unknown): void => {
      sendInternal(response, error, onEvent);
      observed();
    };
    try {
      if (state.closing) response.shouldKeepAlive = false;
      const answered = handle(request, response, facts);
      if (answered) answered.then(watch, fail);
      else watch();
    } catch (error) {
      fail(error);
    }
  };
}

function createHandle(
  { snapshots, evaluator }: Service,
  queue: EvaluationQueue,
  { stalledTimeoutMs }: Required<ServerLimits>,
  app: RequestListener,
  answerPage: PageHandler | undefined,
): Handle {
  const answerEvaluation = createEvaluationHandler(snapshots, evaluator, queue);
  const answerBucket = createBucketHandler(snapshots);
  const answerRange = createRangeHandler(snapshots);
  const answerFilter = createFilterHandler(snapshots, stalledTimeoutMs);
  return (request, response, admission) => {
    const evaluation = answerEvaluation(request, response, admission);
    if (evaluation) return evaluation;
    if (refuseBody(request, response) || answerBucket(request, response) || answerRange(request, response))
      return undefined;
    const answered = answerFilter(request, response) ?? answerPage?.(request, response);
    if (!answered) app(request, response);
    return answered;
  };
}
