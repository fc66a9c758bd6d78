// The fields of an attempt that has ended: what decides whether a limit counts it.

import { createScheme } from '../rules/scheme.ts';
import type { HeldResponse } from '../upstream/held-response.ts';
import type { RuleRequest } from './readings.ts';
import { REQUEST_READERS } from './request-fields.ts';
import { responseHeadersOf } from './response-fields.ts';

export type CountedResponse = Pick<HeldResponse, 'status' | 'headers'>;

export interface CountedAttempt extends RuleRequest {
  /** success, failure or unknown. */
  readonly outcome: string;
  /** Of an application that did not answer, nothing is known. */
  readonly response: CountedResponse | undefined;
}

export const COUNT_SCHEME = createScheme<CountedAttempt>('response', {
  ...REQUEST_READERS,
  'credveil.login.outcome': ({ outcome }) => outcome,
  'http.response.code': ({ response }) => response?.status,
  'http.response.headers': ({ response }) => response && responseHeadersOf(response),
});
