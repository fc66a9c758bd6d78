// Limits on what a client sends and how long it takes. All of them apply before a handler runs.

import { ServerError } from './errors.ts';

export interface ServerLimits {
  /** Open sockets; more are dropped as they come. Default 8,192. */
  readonly maxConnections?: number;
  /**
   * Open sockets of one address, or of one /64 of IPv6; more are dropped as they come. Default: as
   * many as of all together.
   */
  readonly maxConnectionsPerAddress?: number;
  /** Request line and headers together. Default 8,192. */
  readonly maxHeaderBytes?: number;
  /** Default 2,048. */
  readonly maxUrlBytes?: number;
  /** From the first byte (or the connection) to the end of the headers. Default 10,000. */
  readonly headersTimeoutMs?: number;
  /** From the first byte (or the connection) to the end of the request. Default 15,000. */
  readonly requestTimeoutMs?: number;
  /**
   * A connection between two requests. Default 65,000: longer than the idle time of the usual load
   * balancers.
   */
  readonly keepAliveTimeoutMs?: number;
  /**
   * From the first request of a connection to its end, where clients are required and it has not
   * identified one. Default 5,000.
   */
  readonly strangerTimeoutMs?: number;
  /**
   * A socket without progress while a response is due: its client stopped reading. Default 30,000.
   */
  readonly stalledTimeoutMs?: number;
  /**
   * Group elements waiting for evaluation, in each of two lanes; more are refused. Default 4,096:
   * half a second.
   */
  readonly maxWaitingElements?: number;
  /**
   * Interval of checks of the first two timeouts. Default 20: thousands of slow clients are never
   * cut off at once.
   */
  readonly timeoutCheckIntervalMs?: number;
}

/** Maximum of a Node timer. */
export const MAX_LIMIT = 2 ** 31 - 1;

export const DEFAULT_LIMITS: Required<ServerLimits> = {
  maxConnections: 8192,
  maxConnectionsPerAddress: MAX_LIMIT,
  maxHeaderBytes: 8192,
  maxUrlBytes: 2048,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 15_000,
  keepAliveTimeoutMs: 65_000,
  strangerTimeoutMs: 5_000,
  stalledTimeoutMs: 30_000,
  maxWaitingElements: 4096,
  timeoutCheckIntervalMs: 20,
};

const LIMIT_NAMES = Object.keys(DEFAULT_LIMITS) as (keyof ServerLimits)[];

/** @throws ServerError `OPTION_OUT_OF_RANGE`: 0 would switch a limit off */
export function parseLimits(given: ServerLimits): Required<ServerLimits> {
  const limits = { ...DEFAULT_LIMITS };
  for (const name of LIMIT_NAMES) limits[name] = asWholeNumber(name, given[name] ?? DEFAULT_LIMITS[name], 1, MAX_LIMIT);
  return limits;
}

/** @throws ServerError `OPTION_OUT_OF_RANGE` */
export function asWholeNumber(name: string, value: number, low: number, high: number): number {
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new ServerError(
    'OPTION_OUT_OF_RANGE',
    `option ${name} is not a whole number from ${low} to ${high}`,
    'Leave the option out for its default.',
  );
}
