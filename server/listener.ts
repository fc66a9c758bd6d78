// The way of a request: gate, dataset, evaluation, bucket, filter, and express for the rest.

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createApp, type ServerState, sendInternal } from './app.ts';
import { createBucketHandler } from './buckets.ts';
import { EvaluationQueue } from './evaluation-queue.ts';
import { createEvaluationHandler } from './evaluations.ts';
import type { OnEvent } from './events.ts';
import { createFilterHandler } from './filter.ts';
import { originForm, refuseBody, refuseRequest } from './gate.ts';
import type { ServerLimits } from './limits.ts';
import { sendProblem } from './problem.ts';
import type { Service } from './service.ts';

/** The path of a dataset other than the first one, and of the first one too. */
const DATASET_TARGET = /^\/d\/([^/?]*)(\/v1\/.*)$/;

/** Undefined where everything is done on return. */
type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void> | undefined;

/** @param services the first one answers where the path names no dataset */
export function createListener(
  services: readonly [Service, ...Service[]],
  state: ServerState,
  limits: Required<ServerLimits>,
  onEvent: OnEvent,
): RequestListener {
  const queue = new EvaluationQueue(limits.maxWaitingElements);
  const handles = services.map((service) =>
    createHandle(service, queue, limits, createApp(services, service, state, onEvent)),
  );
  const byDataset = new Map(services.map(({ dataset }, i) => [dataset.parameters.dataset as string, handles[i]]));
  const [first] = handles as [Handle];

  const handle: Handle = (request, response) => {
    if (refuseRequest(request, response, limits.maxUrlBytes)) return undefined;
    const url = request.url?.startsWith('/') ? request.url : originForm(request.url ?? '');
    request.url = url;
    const target = url.startsWith('/d/') ? DATASET_TARGET.exec(url) : null;
    if (!target) return first(request, response);
    const [, dataset, path] = target as unknown as [string, string, string];
    const named = byDataset.get(dataset);
    request.url = path;
    if (named) return named(request, response);
    sendProblem(response, 'DATASET_MISSING', ['Connection', 'close']);
    return undefined;
  };

  return (request, response) => {
    // Armed only where the kernel did not take the whole answer at once: a timer a request would cost a microsecond.
    const watch = (): void => {
      if (response.writableLength > 0) request.socket.setTimeout(limits.stalledTimeoutMs);
    };
    try {
      if (state.closing) response.shouldKeepAlive = false;
      const answered = handle(request, response);
      if (answered) answered.then(watch, (error) => sendInternal(response, error, onEvent));
      else watch();
    } catch (error) {
      sendInternal(response, error, onEvent);
    }
  };
}

function createHandle(
  { snapshots, evaluator }: Service,
  queue: EvaluationQueue,
  { stalledTimeoutMs }: Required<ServerLimits>,
  app: RequestListener,
): Handle {
  const answerEvaluation = createEvaluationHandler(snapshots, evaluator, queue);
  const answerBucket = createBucketHandler(snapshots);
  const answerFilter = createFilterHandler(snapshots, stalledTimeoutMs);
  return (request, response) => {
    const evaluation = answerEvaluation(request, response);
    if (evaluation) return evaluation;
    if (refuseBody(request, response) || answerBucket(request, response)) return undefined;
    const filter = answerFilter(request, response);
    if (!filter) app(request, response);
    return filter;
  };
}
