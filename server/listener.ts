// The way of a request: gate, dataset, evaluation, bucket, and express for the rest.

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { RequestRates } from '../protocol/service-status.ts';
import { createApp, type ServerState, sendInternal } from './app.ts';
import { createBucketHandler } from './buckets.ts';
import { EvaluationQueue } from './evaluation-queue.ts';
import { createEvaluationHandler } from './evaluations.ts';
import type { OnEvent } from './events.ts';
import { originForm, refuseBody, refuseRequest } from './gate.ts';
import type { ServerLimits } from './limits.ts';
import { createPageFiles, createPageHandler, type PageHandler } from './pages.ts';
import { sendProblem } from './problem.ts';
import type { RequestCounter } from './request-rates.ts';
import type { Service } from './service.ts';

/** The path of a dataset other than the first one, and of the first one too. */
const DATASET_TARGET = /^\/d\/([^/?]*)(\/v1\/.*)$/;

/** Undefined where everything is done on return. */
type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void> | undefined;

/** What of the pages is the server's, not a dataset's. */
export interface PageSettings {
  readonly counter: RequestCounter;
  readonly rates: () => Promise<RequestRates> | RequestRates;
}

/**
 * @param services the first one answers where the path names no dataset
 * @param pages undefined where there are none
 */
export function createListener(
  services: readonly [Service, ...Service[]],
  state: ServerState,
  limits: Required<ServerLimits>,
  onEvent: OnEvent,
  pages?: PageSettings,
): RequestListener {
  const queue = new EvaluationQueue(limits.maxWaitingElements);
  const files = createPageFiles();
  const handles = services.map((service) => {
    const answerPage = pages && createPageHandler({ snapshots: service.snapshots, files, rates: pages.rates });
    return createHandle(service, queue, createApp(services, service, state, onEvent), answerPage);
  });
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
      pages?.counter.count(request.url ?? '', response.statusCode);
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
  app: RequestListener,
  answerPage: PageHandler | undefined,
): Handle {
  const answerEvaluation = createEvaluationHandler(snapshots, evaluator, queue);
  const answerBucket = createBucketHandler(snapshots);
  return (request, response) => {
    const evaluation = answerEvaluation(request, response);
    if (evaluation) return evaluation;
    if (refuseBody(request, response) || answerBucket(request, response)) return undefined;
    const page = answerPage?.(request, response);
    if (!page) app(request, response);
    return page;
  };
}
