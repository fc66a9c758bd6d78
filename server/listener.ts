// The way of a request: gate, dataset, route, method, admission, handler. Every problem is sent
// here.

import type { RequestListener } from 'node:http';
import type { Admit } from '../access/admission.ts';
import { nameError, type OnEvent } from '../runtime/events.ts';
import type { BrowserGate } from '../runtime/http/browser-gate.ts';
import { assertNoBody, assertWellFormed, originForm } from '../runtime/http/gate.ts';
import { CACHE_RULES, type HeaderBlock } from '../runtime/http/headers.ts';
import { ClientGoneError, ProblemError } from '../runtime/http/problem.ts';
import { cutWhenStalled } from '../runtime/http/stalled.ts';
import type { ServerLimits } from '../runtime/limits.ts';
import { createReference } from './api/reference.ts';
import type { Route } from './api/route.ts';
import { createRouter, type PreparedRoute, type Router } from './api/router.ts';
import { type CreateHandler, type Handler, type PageSources, type ServerState, ServiceExchange } from './exchange.ts';
import { EvaluationQueue } from './handlers/evaluation-queue.ts';
import type { Observe } from './observe/observation.ts';
import { createFiles } from './pages/pages.ts';
import { ROUTES } from './routes.ts';
import type { Service } from './service.ts';
import type { Strangers } from './strangers.ts';

/** The path of a dataset: of the first one too, which also answers without it. */
const DATASET_TARGET = /^\/d\/([^/?]*)(\/(?:v1\/|range\b).*)$/;
const ONE_REQUEST = { requests: 1, evaluations: 0 };

export interface ListenerParts {
  readonly state: ServerState;
  readonly limits: Required<ServerLimits>;
  readonly onEvent: OnEvent;
  readonly admit: Admit;
  readonly observe: Observe;
  /** Undefined for a server without pages. */
  readonly pages: Pick<PageSources, 'rates'> | undefined;
  /** Headers that every response carries. */
  readonly headers?: HeaderBlock;
  /** Undefined: every host is answered, and no page of another origin may read the answers. */
  readonly browsers?: BrowserGate | undefined;
  /** Undefined: connections without a client may stay. */
  readonly strangers?: Strangers | undefined;
  /** Default: the routes of the service. */
  readonly routes?: readonly Route[];
}

/** The handlers of one dataset, by their entry. */
type Handlers = ReadonlyMap<PreparedRoute, Handler>;

/** @param services the first one answers a path that names no dataset */
export function createListener(
  services: readonly [Service, ...Service[]],
  { routes = ROUTES, ...parts }: ListenerParts,
): RequestListener {
  const router = createRouter(routes);
  const { state, limits, onEvent, observe, headers, browsers, strangers } = parts;
  const dispatch = createDispatch(router, createHandlers(services, router, parts), parts);

  const settle = (exchange: ServiceExchange): void => {
    const { response, request } = exchange;
    // Only if the kernel did not take the whole response at once: a timer for each request would
    // cost a microsecond.
    if (response.writableLength > 0) cutWhenStalled(request.socket, limits.stalledTimeoutMs);
    observe.settle(exchange);
  };
  const fail = (exchange: ServiceExchange, error: unknown): void => {
    refuse(exchange, error, onEvent);
    settle(exchange);
  };

  return (request, response) => {
    const exchange = new ServiceExchange(request, response, headers, browsers?.originHeaders(request));
    observe.begin(exchange);
    if (state.closing) response.shouldKeepAlive = false;
    strangers?.begin(exchange);
    try {
      const answered = dispatch(exchange);
      if (!answered) return settle(exchange);
      answered.then(
        () => settle(exchange),
        (error: unknown) => fail(exchange, error),
      );
    } catch (error) {
      fail(exchange, error);
    }
  };
}

/**
 * Handlers by the id of their dataset; under '' those of the first. Entries with one `handler`
 * share it.
 */
function createHandlers(
  services: readonly [Service, ...Service[]],
  router: Router,
  { state, limits, pages }: ListenerParts,
): ReadonlyMap<string, Handlers> {
  const shared = {
    services,
    state,
    limits,
    queue: new EvaluationQueue(limits.maxWaitingElements),
    pages: pages && { ...pages, files: createFiles() },
    reference: createReference(router.routes.map(({ route }) => route)),
  };
  const byDataset = new Map<string, Handlers>();
  for (const service of services) {
    const created = new Map<CreateHandler, Handler | undefined>();
    const handlers = new Map<PreparedRoute, Handler>();
    for (const prepared of router.routes) {
      const create = prepared.route.handler;
      if (!created.has(create)) created.set(create, create({ ...shared, service }));
      const handler = created.get(create);
      if (handler) handlers.set(prepared, prepared.route.ofDataset ? unlessWithdrawn(service, handler) : handler);
    }
    byDataset.set(service.dataset.id, handlers);
    if (service === services[0]) byDataset.set('', handlers);
  }
  return byDataset;
}

/** A removed source is answered no more, whether or not the snapshot without it can be opened. */
function unlessWithdrawn({ snapshots }: Service, handler: Handler): Handler {
  return (exchange) => {
    if (snapshots.isWithdrawn) throw new ProblemError('SNAPSHOT_WITHDRAWN');
    return handler(exchange);
  };
}

/** @returns the steps from the request to its handler; each refuses by throwing */
function createDispatch(
  router: Router,
  handlersOf: ReadonlyMap<string, Handlers>,
  { limits, admit, browsers, strangers }: ListenerParts,
): Handler {
  const first = handlersOf.get('') as Handlers;

  /** Sets the path of the exchange and finds the handlers of its dataset. */
  const locate = (exchange: ServiceExchange): Handlers => {
    const { url = '' } = exchange.request;
    let target = url.startsWith('/') ? url : originForm(url);
    let handlers: Handlers | undefined = first;
    const below = target.startsWith('/d/') ? DATASET_TARGET.exec(target) : null;
    if (below) {
      const [, dataset, rest] = below as unknown as [string, string, string];
      handlers = dataset === '' ? undefined : handlersOf.get(dataset);
      target = rest;
    }
    if (!handlers) throw new ProblemError('DATASET_MISSING', { close: true });
    const question = target.indexOf('?');
    exchange.path = question < 0 ? target : target.slice(0, question);
    exchange.query = question < 0 ? undefined : target.slice(question + 1);
    return handlers;
  };

  const handle = (exchange: ServiceExchange, prepared: PreparedRoute, handlers: Handlers): void | Promise<void> => {
    const isHandled = prepared.handled.includes(exchange.method);
    if (!isHandled || !prepared.takesBody) assertNoBody(exchange.request);
    const handler = handlers.get(prepared);
    if (!handler) throw new ProblemError('ROUTE_MISSING');
    if (!isHandled) throw new ProblemError('METHOD_NOT_ALLOWED', { headers: ['Allow', prepared.allow] });
    if (prepared.route.access === 'replica' && !exchange.admission.client?.replica)
      throw new ProblemError('REPLICA_REFUSED');
    return handler(exchange);
  };

  return (exchange) => {
    const { request, method } = exchange;
    assertWellFormed(request, limits.maxUrlBytes);
    browsers?.assertHost(request);
    const handlers = locate(exchange);
    const prepared = router.find(exchange.path);
    if (!prepared || (prepared.route.withoutQuery && exchange.query !== undefined)) {
      assertNoBody(request);
      throw new ProblemError('ROUTE_MISSING');
    }
    const { route, cache, parameterAt } = prepared;
    exchange.route = route;
    exchange.cache = cache;
    exchange.parameter = exchange.path.slice(parameterAt);
    // A browser's preflight carries no key.
    if (method === 'OPTIONS') return preflight(exchange, prepared, handlers);
    if (route.access === 'open') return handle(exchange, prepared, handlers);
    exchange.admission = admit(exchange);
    if (exchange.admission.client) strangers?.identified(exchange);
    const isMetered = route.access === 'metered' || route.access === 'replica';
    const taken = isMetered ? exchange.admission.take(ONE_REQUEST) : undefined;
    return taken ? taken.then(() => handle(exchange, prepared, handlers)) : handle(exchange, prepared, handlers);
  };
}

function preflight(exchange: ServiceExchange, prepared: PreparedRoute, handlers: Handlers): void {
  assertNoBody(exchange.request);
  if (!handlers.has(prepared)) throw new ProblemError('ROUTE_MISSING');
  exchange.reply(204, prepared.preflight, undefined, CACHE_RULES.never);
}

/**
 * The one place that turns an error into a response. The client learns that there was one, the
 * operator its name.
 */
function refuse(exchange: ServiceExchange, error: unknown, onEvent: OnEvent): void {
  const { response } = exchange;
  const isProblem = error instanceof ProblemError;
  const isGone = error instanceof ClientGoneError;
  if (!isProblem && !isGone) onEvent({ event: 'request-failed', ...nameError(error) });
  if (isGone || response.headersSent) response.destroy();
  else exchange.refuse(isProblem ? error : new ProblemError('INTERNAL'));
}
