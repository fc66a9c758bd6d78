// The log: JSON lines on standard error. Only listed fields are written. None of them can contain
// request data, an address or a secret.

import pino, { type Level } from 'pino';
import type { FromWorker, ServerEvent } from '../events.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The line of a request, at level debug. */
export interface RequestLine {
  /** As in the table of routes, never as requested: `/v1/account/{prefix}`. */
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly durationMs: number;
  /** The name that the operator gave. */
  readonly client?: string;
  readonly clientId?: string;
  /** Bytes sent on the connection during the request. Not where they may tell a prefix. */
  readonly bytes?: number;
}

export interface Log {
  event(event: ServerEvent & FromWorker): void;
  request(line: RequestLine): void;
  /** Whether request lines are written at all. */
  readonly requests: boolean;
}

/** All fields that a line may have, beside time and level. The compiler misses none of them. */
const LISTED: { readonly [field in Field]: true } = {
  event: true,
  worker: true,
  pid: true,
  version: true,
  url: true,
  snapshot: true,
  validUntil: true,
  code: true,
  hint: true,
  msg: true,
  notAfter: true,
  why: true,
  restartInMs: true,
  silentMs: true,
  changed: true,
  needRestart: true,
  clients: true,
  client: true,
  clientId: true,
  policy: true,
  sink: true,
  deadlineMs: true,
  route: true,
  method: true,
  status: true,
  durationMs: true,
  bytes: true,
  app: true,
  rule: true,
  action: true,
  request: true,
  connections: true,
  list: true,
  format: true,
  entries: true,
  unreadable: true,
  forbidden: true,
  limit: true,
  login: true,
  outcome: true,
  certainty: true,
  user: true,
  verdict: true,
  reason: true,
  finding: true,
  address: true,
  preset: true,
  provider: true,
  fault: true,
  how: true,
  sessions: true,
  by: true,
  change: true,
  purpose: true,
};
const FIELDS: ReadonlySet<string> = new Set(Object.keys(LISTED));

type Field = Exclude<FieldOf<ServerEvent | RequestLine>, 'message'> | keyof FromWorker | 'msg';
type FieldOf<T> = T extends unknown ? keyof T : never;

const LEVELS: { readonly [event in ServerEvent['event']]?: Level } = {
  'snapshot-refused': 'error',
  'snapshot-withdrawn': 'error',
  'head-refused': 'error',
  'head-expiring': 'warn',
  'head-expired': 'error',
  'tls-refused': 'error',
  'tls-expiring': 'warn',
  'tls-expired': 'error',
  'tls-certificate-shared': 'warn',
  'clients-refused': 'error',
  'config-refused': 'error',
  'worker-hung': 'error',
  'worker-exited': 'error',
  'worker-failed': 'error',
  'request-failed': 'error',
  'admin-unavailable': 'warn',
  'config-warning': 'warn',
  'upstream-failed': 'warn',
  'rule-unknown': 'warn',
  'login-unreadable': 'warn',
  'login-passed-unread': 'warn',
  'login-passes-unread': 'warn',
  'sink-failed': 'error',
  'alarm-given-up': 'error',
  'outbox-failed': 'error',
  'quota-exceeded': 'warn',
  'variable-ignored': 'warn',
  'plain-http': 'warn',
  'snapshot-older': 'warn',
  'leaks-unavailable': 'error',
  'login-leaked': 'warn',
  'login-header-before': 'warn',
  'login-passes-unchecked': 'warn',
  'checks-spent': 'warn',
  'service-tokens-failed': 'error',
  'geo-failed': 'error',
  'revocations-failed': 'error',
  'session-kept-back': 'info',
  'connections-refused': 'info',
  'sign-in-failed': 'warn',
  'mail-failed': 'error',
  'hold-mail-failed': 'error',
  'hold-logout-failed': 'warn',
  'record-failed': 'error',
  'state-failed': 'error',
  'state-restored': 'warn',
  'login-outcome-guessed': 'warn',
  'login-preset-untried': 'warn',
  'list-failed': 'warn',
  'list-refused': 'error',
  'list-unknown': 'error',
  'list-full': 'warn',
};
/** The methods that Node's parser accepts. Any other text could be request data. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'OPTIONS', 'PUT', 'DELETE', 'PATCH']);

/** @param write takes whole lines; default standard error */
export function createLog(level: LogLevel, write?: (line: string) => void): Log {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    write ? { write } : pino.destination({ fd: 2, sync: true }),
  );
  return {
    event: ({ ...fields }) => {
      const { message, ...rest } = fields as typeof fields & { message?: string };
      logger[LEVELS[fields.event] ?? 'info'](listed(rest), message);
    },
    request: (line) => {
      logger.debug(listed({ ...line, method: METHODS.has(line.method) ? line.method : 'other' }));
    },
    requests: logger.isLevelEnabled('debug'),
  };
}

/** Filters before pino, which would also write the message of an error among the fields. */
const listed = (fields: object): object =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => FIELDS.has(name)));
