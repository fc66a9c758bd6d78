// What a handler is: a function of one exchange, created once for each dataset that is served.

import { type Admission, ANONYMOUS } from '../access/admission.ts';
import type { RequestClass, RequestRates } from '../protocol/service-status.ts';
import { Exchange } from '../runtime/http/exchange.ts';
import type { ServerLimits } from '../runtime/limits.ts';
import type { PageFile } from '../runtime/pages/page-files.ts';
import type { EvaluationQueue } from './handlers/evaluation-queue.ts';
import type { Service } from './service.ts';

/** What metrics, logs and rates take from a route. */
export interface RouteFacts {
  /** As in the table, never as requested: `/v1/account/{prefix}`. */
  readonly path: string;
  /** The class in which the request rates count it. `uncounted` for files that belong to a page. */
  readonly rates: RequestClass | 'uncounted';
}

/** An exchange on its way through the service. */
export class ServiceExchange extends Exchange {
  /** Undefined until the path is found in the table. */
  route: RouteFacts | undefined;
  /** Of an open route, that of an anonymous client. */
  admission: Admission = ANONYMOUS;
  /** Milliseconds of the monotonic clock. */
  startedAt = 0;
  /** Bytes that the connection had sent by then; 0 if requests are not logged. */
  sentBefore = 0;
}

/**
 * Answers an exchange whose method and access are settled.
 * @throws ProblemError, or any other error where the server is at fault
 */
export type Handler = (exchange: ServiceExchange) => void | Promise<void>;

/** Undefined if the service does not have the route. */
export type CreateHandler = (context: ServiceContext) => Handler | undefined;

/** Changes while the server runs. */
export interface ServerState {
  /** Whether the server is shutting down. */
  closing: boolean;
}

/** The pages and what /v1/status shows beside the snapshot. */
export interface PageSources {
  /** The pages' files by their path. */
  readonly files: () => Promise<ReadonlyMap<string, PageFile>>;
  readonly rates: () => Promise<RequestRates> | RequestRates;
}

/** GET /openapi.json and GET /reference as bytes. */
export interface Reference {
  readonly json: Buffer;
  readonly page: Buffer;
}

/** What a handler may use. */
export interface ServiceContext {
  /** The dataset that the handler answers for. */
  readonly service: Service;
  /** All datasets that are served. */
  readonly services: readonly Service[];
  readonly queue: EvaluationQueue;
  readonly limits: Required<ServerLimits>;
  readonly state: ServerState;
  /** Undefined for a server without pages. */
  readonly pages: PageSources | undefined;
  readonly reference: () => Promise<Reference>;
}
