// The ways in which an application may read a request: each path, and names of headers and
// arguments as they were sent or as CGI, PHP and others read them.

import type { Exchange } from '../exchange.ts';
import { hasOtherNames } from './read-names.ts';

/** What a rule is asked about. */
export interface RuleRequest {
  readonly exchange: Exchange;
  /** One of the paths that the application may read. */
  readonly path: string;
  /** Whether names are as applications read them, in place of as they were sent. */
  readonly readsNames?: boolean;
}

/** Each path with the names as sent, then each with the names as read, if those may differ. */
export function readingsOf(exchange: Exchange): readonly RuleRequest[] {
  const { found, head } = exchange;
  const sent = (found?.readings ?? []).map((path) => ({ exchange, path }));
  return head && hasOtherNames(head) ? [...sent, ...sent.map((each) => ({ ...each, readsNames: true }))] : sent;
}

/** A rule that reads none of these is the same for every reading. */
const OF_READINGS: ReadonlySet<string> = new Set([
  'http.request.uri',
  'http.request.uri.path',
  'http.request.full_uri',
  'http.request.uri.args',
  'http.request.uri.args.names',
  'http.request.headers',
]);

export const readsReading = (fields: ReadonlySet<string>): boolean =>
  [...fields].some((field) => OF_READINGS.has(field));
