// A login and the application's answer to it, for tests of outcomes.

import type { Exchange } from '../../../../gateway/exchange.ts';
import type { RuleResponse } from '../../../../gateway/fields/response-fields.ts';

export interface LoginRequest {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  /** Names and values in turn. */
  readonly headers?: readonly string[];
}

export interface LoginAnswer {
  readonly status?: number;
  readonly cookies?: readonly string[];
  readonly location?: string;
  readonly headers?: readonly string[];
  readonly body?: string;
}

/** As much of an exchange as expressions read. */
export function exchangeOf({ method = 'POST', path = '/login', query, headers = [] }: LoginRequest = {}): Exchange {
  const target = query === undefined ? path : `${path}?${query}`;
  return {
    head: {
      method,
      path,
      query,
      target,
      host: 'app.example',
      authority: 'app.example',
      headers,
      reserved: [],
      body: 0,
    },
    found: { readings: [path] },
    message: { httpVersion: '1.1' },
    isSecure: false,
  } as unknown as Exchange;
}

export const responseOf = ({ status = 200, cookies = [], location, headers = [], body = '' }: LoginAnswer) =>
  ({
    status,
    headers: [
      ...cookies.flatMap((cookie) => ['Set-Cookie', cookie]),
      ...(location === undefined ? [] : ['Location', location]),
      ...headers,
    ],
    body: Buffer.from(body),
  }) satisfies RuleResponse['response'];
